"""Write a dropped document again, in its own format, with its words translated."""

from __future__ import annotations

from pathlib import Path

from dropdub.errors import NotText, TooLarge
from dropdub.files.durable import write_whole
from dropdub.languages import NO_HINT, Hint
from dropdub.text.archive import opened
from dropdub.text.docx.writing import write_docx
from dropdub.text.epub.writing import write_epub
from dropdub.text.markdown import MARKDOWN_SUFFIXES
from dropdub.text.reading import written_text
from dropdub.text.rewriting.markdown import translated_markdown
from dropdub.text.rewriting.translated_passages import Ask, Losses, Translating

_ARCHIVES = {".docx": write_docx, ".epub": write_epub}


def format_of(name: str) -> str | None:
    """Return the suffix of a document that can be written again, without its period; None for other files."""
    suffix = Path(name).suffix.lower()
    return suffix[1:] if suffix in _ARCHIVES or suffix in MARKDOWN_SUFFIXES else None


def write_translated(
    source: Path, out: Path, *, name: str, language: str, target: str, ask: Ask, hint: Hint = NO_HINT
) -> list[str]:
    """Write the document `source`, which was dropped as `name`, to `out`; return what could not be kept, as warnings.

    `hint`: the one with which the text was read before.
    Raises NotText or TooLarge for a document that cannot be written, and OSError.
    """
    translating = Translating(ask)
    write = _ARCHIVES.get(Path(name).suffix.lower())
    if write is None:
        text, blocks = translated_markdown(written_text(source, hint=hint).text, translating)
        write_whole(out, text.encode())
        return _warnings(name, translating.losses, blocks)
    with opened(source) as archive:
        write(archive, source, out, translating, language=language, target=target)
    return _warnings(name, translating.losses, 0)


def not_written(name: str, error: NotText | TooLarge) -> str:
    """Return the warning for a document that cannot be written again."""
    return f"{name} could not be written again as it is, so its translation is plain text only. {error.message}"


def _warnings(name: str, losses: Losses, blocks: int) -> list[str]:
    found = []
    if losses.spans:
        places = "1 place" if losses.spans == 1 else f"{losses.spans} places"
        found.append(f"Emphasis or a link could not be kept in {places} of the translation of {name}.")
    if losses.passages:
        which = "1 paragraph" if losses.passages == 1 else f"{losses.passages} paragraphs"
        found.append(f"{which} of {name} had too much markup and stayed in the original language in the new document.")
    if blocks:
        which = "1 block of HTML stays" if blocks == 1 else f"{blocks} blocks of HTML stay"
        found.append(f"{which} in the original language in the new {name}.")
    return found
