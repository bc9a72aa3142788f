"""Translate lines of which a part is only shown: the words that are said as whole sentences, the rest apart. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dropdub.pipeline.artifacts import Segment
from dropdub.speech.descriptions import Descriptions, Part, joined

_FENCES = "[]【】［］〔〕（）{}()♪♫♬♩#* \t"


@dataclass(frozen=True)
class DescribedLines:
    """Lines of a subtitle, each with what is said in it (`said`, the same ids and times) and its parts in order."""

    said: tuple[Segment, ...]
    parts: Mapping[int, Sequence[Part]]

    @staticmethod
    def of(segments: Sequence[Segment], *, language: str) -> DescribedLines:
        """Return the lines of a transcript in a language."""
        descriptions = Descriptions.of((one.text for one in segments), language=language)
        parts = {one.id: descriptions.parts(one.text) for one in segments}
        silent = {id_: found for id_, found in parts.items() if any(not part.is_said for part in found)}
        said = tuple(
            replace(one, text=joined(part.text for part in silent[one.id] if part.is_said)) if one.id in silent else one
            for one in segments
        )
        return DescribedLines(said, silent)

    def shown_only(self) -> Iterator[str]:
        """Yield the words of the descriptions, without their brackets and notes; names are not translated."""
        for parts in self.parts.values():
            yield from (part.text.strip(_FENCES) for part in parts if part.kind == "sound")

    def whole(self, id_: int, said: str, known: Mapping[str, str]) -> str:
        """Return the translation of a line: its words (`said`) with its descriptions, as `known` translates them.

        A description inside a sentence is put between two words, about as far from its start as it was.
        """
        parts = self.parts.get(id_)
        if parts is None:
            return said
        total = sum(len(part.text.strip()) for part in parts if part.is_said) or 1
        words, done, passed, whole = said.split(" "), 0, 0, list[str]()
        for part in parts:
            if part.is_said:
                passed += len(part.text.strip())
                until = len(words) if passed >= total else round(len(words) * passed / total)
                whole += words[done:until]
                done = max(done, until)
            else:
                whole.append(_translated(part, known))
        return " ".join(filter(None, [*whole, *words[done:]]))


def _translated(part: Part, known: Mapping[str, str]) -> str:
    """Return a description with its words translated, in its own brackets, and in small letters or capitals as it was.

    These show that brackets within a sentence describe a sound, and translators begin with a capital.
    """
    text = part.text.strip()
    inner = text.strip(_FENCES)
    if part.kind == "name" or not inner:
        return text
    found = known.get(inner, inner)
    found = found if inner.endswith(".") else found.rstrip(".")
    if inner[:1].islower():
        found = found[:1].lower() + found[1:]
    return text.replace(inner, found.upper() if inner.isupper() else found, 1)
