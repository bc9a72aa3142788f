"""Language tags: primary subtags, other codes, English names, and detection of a text's language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SAMPLE = 200_000
"""Number of characters from which a text's language is detected: a chapter or two, sampled from the whole text."""
_EXCERPTS = 20
UNDETERMINED = "und"
"""The tag of a text without letters if no candidates are given."""


class Language(NamedTuple):
    """A language: ISO 639-1 code, ISO 639-3 code, English name."""

    two: str
    three: str
    name: str


@dataclass(frozen=True)
class Hint:
    """What is known of a file's language before it is read.

    `stated`: by a person, for this file. `likely`: by its name, or because most files beside it are in this language.
    """

    stated: str | None = None
    likely: str | None = None


NO_HINT = Hint()


@dataclass(frozen=True)
class _Index:
    by_two: dict[str, Language]
    by_three: dict[str, Language]


_TABLE = """
af afr Afrikaans    ar ara Arabic       be bel Belarusian   bg bul Bulgarian    bn ben Bengali
ca cat Catalan      cs ces Czech        cy cym Welsh        da dan Danish       de deu German
el ell Greek        en eng English      eo epo Esperanto    es spa Spanish      et est Estonian
eu eus Basque       fa fas Persian      fi fin Finnish      fr fra French       ga gle Irish
gl glg Galician     he heb Hebrew       hi hin Hindi        hr hrv Croatian     hu hun Hungarian
id ind Indonesian   is isl Icelandic    it ita Italian      ja jpn Japanese     ko kor Korean
lt lit Lithuanian   lv lav Latvian      mk mkd Macedonian   ms msa Malay        nb nob Norwegian
nl nld Dutch        oc oci Occitan      pl pol Polish       pt por Portuguese   ro ron Romanian
ru rus Russian      sk slk Slovak       sl slv Slovene      sq sqi Albanian     sr srp Serbian
sv swe Swedish      sw swa Swahili      ta tam Tamil        th tha Thai         tl tgl Tagalog
tr tur Turkish      uk ukr Ukrainian    ur urd Urdu         vi vie Vietnamese   zh zho Chinese
am amh Amharic      az aze Azerbaijani  bo bod Tibetan      bs bos Bosnian      fo fao Faroese
gu guj Gujarati     ha hau Hausa        hy hye Armenian     jv jav Javanese     ka kat Georgian
kk kaz Kazakh       km khm Khmer        kn kan Kannada      ku kur Kurdish      ky kir Kyrgyz
la lat Latin        lb ltz Luxembourgish lo lao Lao         mi mri Maori        ml mal Malayalam
mn mon Mongolian    mr mar Marathi      mt mlt Maltese      my mya Burmese      ne nep Nepali
nn nno Nynorsk      pa pan Punjabi      ps pus Pashto       si sin Sinhala      so som Somali
te tel Telugu       tg tgk Tajik        tt tat Tatar        uz uzb Uzbek        yi yid Yiddish
yo yor Yoruba       zu zul Zulu
"""
_SYNONYMS = {
    **{"no": "nb", "nor": "nb", "iw": "he", "in": "id", "cmn": "zh", "arb": "ar", "pes": "fa", "fil": "tl"},
    **{"scr": "hr", "scc": "sr", "mol": "ro", "mo": "ro", "ji": "yi", "jw": "jv", "zsm": "ms", "ekk": "et"},
}
"""Codes that the standard has withdrawn, and those of a language that another code includes."""
_MADE_UP = {
    **{"pob": "pt-BR", "ptb": "pt-BR", "ptg": "pt-PT", "spl": "es-419"},
    **{"chs": "zh-Hans", "zhs": "zh-Hans", "cht": "zh-Hant", "zht": "zh-Hant"},
}
"""Codes of a single region or script that programs made up or took from Windows, each with the standard's tag."""
_SCRIPTS_OF_REGIONS = {"TW": "Hant", "HK": "Hant", "MO": "Hant", "CN": "Hans", "SG": "Hans", "MY": "Hans"}
"""Of Chinese."""
_BIBLIOGRAPHIC = """
alb sq arm hy baq eu bur my chi zh cze cs dut nl fre fr geo ka ger de gre el ice is mac mk may ms mao mi per fa rum ro
slo sk tib bo wel cy
"""
"""The bibliographic codes of ISO 639-2, used in Matroska files, each with its replacement."""

_DETECTED = """
en pt es fr de it nl pl ro sv da nb fi cs sk sl hr sr bg uk ru el tr hu et lv lt ca gl eu
ar he fa ur hi bn ta th vi id ms tl sw af cy ga is mk sq eo la zh ja ko
"""
DETECTED_LANGUAGES = tuple(_DETECTED.split())
"""Candidates for language detection, without rare languages that short texts are easily mistaken for."""


@cache
def _index() -> _Index:
    cells = iter(_TABLE.split())
    languages = [Language(*row) for row in zip(cells, cells, cells, strict=True)]
    return _Index({one.two: one for one in languages}, {one.three: one for one in languages})


@cache
def _synonyms() -> dict[str, str]:
    cells = iter(_BIBLIOGRAPHIC.split())
    return {**_SYNONYMS, **dict(zip(cells, cells, strict=True))}


def standard_tag(tag: str) -> str:
    """Return a tag with hyphens and, for a code that programs made up, the standard's: `pt-BR` for pt_BR and pob."""
    hyphened = tag.replace("_", "-")
    return _MADE_UP.get(hyphened.lower(), hyphened)


def primary(tag: str) -> str:
    """Return a tag's primary language, as a two-letter code if there is one: `pt` for pt-BR, pt_BR, por and pob."""
    code = standard_tag(tag).partition("-")[0].lower()
    code = _synonyms().get(code, code)
    known = _index().by_three.get(code)
    return known.two if known else code


def three_letters(tag: str) -> str:
    """Return the ISO 639-3 code of a tag's primary language; an unknown language is returned unchanged."""
    known = _index().by_two.get(primary(tag))
    return known.three if known else primary(tag)


def is_known(code: str) -> bool:
    """Return whether a two- or three-letter code is that of a language in this module."""
    return primary(code) in _index().by_two


def known_languages() -> list[str]:
    """Return the two-letter codes of the languages in this module, in order."""
    return sorted(_index().by_two)


def english_names() -> dict[str, str]:
    """Return the two-letter codes of the languages by their English names, casefolded."""
    return {one.name.casefold(): one.two for one in _index().by_two.values()}


def display_name(tag: str, *, translated: Callable[[str], str] = str) -> str:
    """Return the English name of a tag's language, such as `Portuguese (BR)`; the tag itself if it is unknown.

    `translated` returns the name to use instead of an English one.
    """
    known = _index().by_two.get(primary(tag))
    region = standard_tag(tag).partition("-")[2]
    if known is None:
        return tag
    name = translated(known.name)
    return f"{name} ({region})" if region else name


def same_language(one: str, other: str) -> bool:
    """Return whether no translation is needed between two tags: pt and pt-BR are the same language."""
    return primary(one) == primary(other)


def region(tag: str) -> str:
    """Return a tag's region: `BR` for pt_br, `419` for es-419; empty if it has none."""
    parts = standard_tag(tag).split("-")[1:]
    return next((one.upper() for one in parts if len(one) == 2 or (len(one) == 3 and one.isdigit())), "")


def script(tag: str) -> str:
    """Return the script that a tag names, or that its region uses: `Hant` for zh-TW; empty if that is not said."""
    parts = standard_tag(tag).split("-")[1:]
    named = next((one.title() for one in parts if len(one) == 4 and one.isalpha()), "")
    return named or (_SCRIPTS_OF_REGIONS.get(region(tag), "") if primary(tag) == "zh" else "")


def same_form(one: str, other: str) -> bool:
    """Return whether two tags of a language are written with the same letters, as far as they say."""
    return script(one) == script(other) or not script(other) or not same_language(one, other)


def detect_text_language(text: str, *, among: Sequence[str] | None = None) -> str:
    """Return the tag of the language that a text is written in: one of `among` if given.

    If the text has no letters or its language is not in `among`, return the first of `among`, or `UNDETERMINED`.
    """
    if among is not None and len(among) == 1:
        return among[0]
    ranking = _ranking(text)
    if among is None:
        return ranking[0] if ranking else UNDETERMINED
    return _first_of(ranking, among)


def likely_languages(text: str, *, among: Sequence[str]) -> list[tuple[str, float]]:
    """Return the primary tags of `among` with the logarithm of their likelihood, the most likely first."""
    known = set(map(primary, among))
    ranking = ((primary(code), float(score)) for code, score in _identifier().rank(_sample(text)))
    return [(code, score) for code, score in ranking if code in known]


def _first_of(ranking: Sequence[str], among: Sequence[str]) -> str:
    candidates = {primary(tag): tag for tag in reversed(among)}
    for code in ranking:
        if code in candidates:
            return candidates[code]
    return among[0] if among else UNDETERMINED


def _ranking(text: str) -> list[str]:
    if not any(character.isalpha() for character in text):
        return []
    return [primary(code) for code, _score in _identifier().rank(_sample(text))]


def _sample(text: str) -> str:
    """Return a text; for a long one, excerpts spread over all of it."""
    if len(text) <= SAMPLE:
        return text
    step, length = len(text) // _EXCERPTS, SAMPLE // _EXCERPTS
    return "\n".join(text[start : start + length] for start in range(0, step * _EXCERPTS, step))


@cache
def _identifier() -> LanguageIdentifier:
    # Never restrict it with `set_languages`: that would affect every other caller in the process.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415  (loads numpy and 4 MB)

    return LanguageIdentifier.from_model_file(MODEL_FILE)
