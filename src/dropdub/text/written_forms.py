"""Write a text in another form of its language: in simplified or traditional characters, in Latin or Cyrillic letters.

Regions of a language that share its letters, such as pt and pt-BR, count as one written language: nothing is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Protocol

from dropdub.errors import EngineNotInstalled, UnsupportedLanguage
from dropdub.installation import adding_command, requirements
from dropdub.languages import display_name, primary, region, script

_TRADITIONAL_OF = {"TW": "tw", "HK": "hk", "MO": "hk"}
_KNOWS_BOTH = ("nllb", "subtitle")
"""What writes traditional characters itself: this translator, and people."""
_CYRILLIC = "абвгдђежзијклљмнњопрстћуфхцчџш"
_GAJ = "a b v g d đ e ž z i j k l lj m n nj o p r s t ć u f h c č dž š"
_LATIN = tuple(_GAJ.split())
"""Vuk Karadžić's and Gaj's alphabets, letter by letter."""


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@dataclass(frozen=True)
class Written:
    """Texts in the written form of a language, and warnings about what was not changed."""

    texts: list[str]
    warnings: tuple[str, ...] = ()


def require_form(source: str, target: str) -> None:
    """Raise UnsupportedLanguage if a text of one form of a language cannot be written in another."""
    forms = script(source), script(target)
    known = primary(target) == "zh" or (primary(target) == "sr" and set(forms) <= {"", "Latn", "Cyrl"})
    if forms[0] != forms[1] and all(forms) and not known:
        sentence = f"{display_name(source)} is written in other letters than {display_name(target)}"
        raise UnsupportedLanguage(
            f"{sentence}, and only Chinese and Serbian are converted.",
            remedy="Remove that target, or choose the form that the text is in, then run: `dropdub retry JOB`.",
        )


def written_in(texts: Sequence[str], *, source: str, target: str) -> Written:
    """Return texts of a language, `source`, in another form of the same language, `target`.

    Raises UnsupportedLanguage, and EngineNotInstalled if the converter is not installed.
    """
    require_form(source, target)
    if _needs_change(source, target):
        return Written(in_form(texts, target, source=source))
    return Written(list(texts), _unchanged(source, target))


def in_form(texts: Sequence[str], target: str, *, source: str = "") -> list[str]:
    """Return texts in the written form that a tag asks for; what is already in it stays as it is.

    A translator may only know one form, such as simplified Chinese. Raises EngineNotInstalled.
    """
    form = script(target)
    if primary(target) == "zh" and form:
        converter = _chinese(_table(source, target))
        return [converter.convert(text) for text in texts]
    if primary(target) == "sr" and form in ("Latn", "Cyrl"):
        return [_serbian(text, form) for text in texts]
    return list(texts)


def converts(target: str) -> bool:
    """Return whether texts in the form of a tag are converted here now; if not, they stay as they are."""
    return bool(script(target)) and (primary(target) == "sr" or (primary(target) == "zh" and _has_opencc()))


def how_to_convert(target: str) -> str:
    """Return what to install so that texts are converted into the form of a tag; empty if nothing does that."""
    return f"OpenCC converts them. {_how_to_install()}" if primary(target) == "zh" and not _has_opencc() else ""


def form_warnings(target: str, *, engine: str) -> tuple[str, ...]:
    """Return a warning if a translation may be in simplified characters, although the target has traditional ones."""
    if script(target) != "Hant" or converts(target) or engine in _KNOWS_BOTH:
        return ()
    sentence = f"The characters of the {target} translation may be simplified, because OpenCC is not installed."
    return (f"{sentence} {_how_to_install()}",)


def _needs_change(source: str, target: str) -> bool:
    if primary(target) == "zh":
        return bool(script(target)) and (script(source) != script(target) or region(source) != region(target))
    return primary(target) == "sr" and bool(script(target)) and script(source) != script(target)


def _unchanged(source: str, target: str) -> tuple[str, ...]:
    """Return a warning if a text gets another tag, but keeps its words."""
    asked, given = (region(target), script(target)), (region(source), script(source))
    if all(new in ("", old) for new, old in zip(asked, given, strict=True)):
        return ()
    one, other = display_name(source), display_name(target)
    return (f"{one} and {other} count as one written language, so the words for {target} are the same as in {source}.",)


def _table(source: str, target: str) -> str:
    """Return OpenCC's table from one form of Chinese to another; none harms a text that is in the form already."""
    old, new = _TRADITIONAL_OF.get(region(source)), _TRADITIONAL_OF.get(region(target))
    if script(target) == "Hans":
        return {"tw": "tw2sp", "hk": "hk2s"}.get(old or "", "t2s")
    if script(source) == "Hant":
        return {"tw": "t2tw", "hk": "t2hk"}.get(new or "", "tw2t" if old == "tw" else "hk2t" if old else "t2tw")
    return {"tw": "s2twp", "hk": "s2hk"}.get(new or "", "s2t")


def _has_opencc() -> bool:
    return find_spec("opencc") is not None


def _how_to_install() -> str:
    return f"Install it with:\n  {adding_command(*requirements('chinese'))}"


@cache
def _chinese(table: str) -> _Converter:
    if not _has_opencc():
        raise EngineNotInstalled(
            "Simplified and traditional Chinese are converted by OpenCC, which is not installed.",
            remedy=f"{_how_to_install()}\nThe job then resumes automatically.",
        )
    from opencc import OpenCC  # noqa: PLC0415  (optional)

    converter: _Converter = OpenCC(table)
    return converter


def _serbian(text: str, form: str) -> str:
    if form == "Latn":
        return "".join(_latin(one, text[at + 1 : at + 2]) for at, one in enumerate(text))
    for pair, letter in _digraphs_first():
        text = text.replace(pair, letter)
    return text


def _latin(letter: str, following: str) -> str:
    """Return a letter in Latin script: Љ is LJ among capitals, Lj before others."""
    found = _to_latin().get(letter.lower())
    if found is None:
        return letter
    if letter.islower():
        return found
    return found.upper() if len(found) == 1 or following.isupper() else found.capitalize()


@cache
def _to_latin() -> dict[str, str]:
    return dict(zip(_CYRILLIC, _LATIN, strict=True))


@cache
def _digraphs_first() -> tuple[tuple[str, str], ...]:
    pairs = sorted(_to_latin().items(), key=lambda one: -len(one[1]))
    lower = [(latin, letter) for letter, latin in pairs]
    upper = [(form, letter.upper()) for letter, latin in pairs for form in {latin.capitalize(), latin.upper()}]
    return tuple(sorted([*lower, *upper], key=lambda one: -len(one[0])))
