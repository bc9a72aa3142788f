"""Find the language of a text. If it has only a few words, it is one that is translated here, with a warning."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from dropdub.languages import DETECTED_LANGUAGES, detect_text_language, display_name, likely_languages, primary
from dropdub.sentence_ends import sentences

ASSUMED = "en"
_CERTAIN = 5.0
"""Difference of the log likelihoods of the first two languages from which the first is certain.

Measured with sentences from web pages in 17 languages, cut to 1 to 20 words: of those above it, 99.5 % are right. These
are 97 % of the texts of ten words, two thirds of those of three, a fifth of the single words.
"""
_MOST_USED = "en pt es fr de it nl pl ru uk tr sv ro el ar he zh ja ko"
_COMMON = tuple(_MOST_USED.split())
_EVERYDAY = {
    "en": "hello hi hey thanks thank you yes no please good morning evening night day bye goodbye welcome ok okay",
    "pt": "olá oi alô obrigado obrigada sim não por favor bom boa dia tarde noite tchau adeus até amanhã tudo bem",
    "es": "hola gracias sí no por favor buenos buenas días tardes noches adiós hasta mañana luego bienvenidos",
    "fr": "bonjour bonsoir salut merci oui non merci beaucoup s'il vous plaît bonne nuit au revoir bienvenue",
    "de": "hallo danke bitte ja nein guten guter tag morgen abend gute nacht tschüss wiedersehen auf willkommen",
    "it": "ciao grazie sì no prego per favore buongiorno buonasera buonanotte arrivederci salve benvenuti",
    "nl": "hallo hoi bedankt dank je wel ja nee alstublieft goedemorgen goedenavond welterusten dag tot ziens",
    "pl": "cześć dziękuję tak nie proszę dzień dobry dobranoc witaj widzenia do",
    "sv": "hej tack ja nej god morgon kväll natt hejdå välkommen",
    "da": "hej tak ja nej god morgen aften nat farvel velkommen",
    "nb": "hei takk ja nei god morgen kveld natt velkommen",
    "fi": "hei moi kiitos kyllä ei hyvää huomenta iltaa yötä näkemiin tervetuloa",
    "cs": "ahoj děkuji díky ano ne prosím dobrý dobré den ráno večer noc nashledanou",
    "ro": "bună salut mulțumesc mulţumesc da nu ziua seara noapte revedere la",
    "tr": "merhaba selam teşekkürler teşekkür ederim evet hayır lütfen günaydın iyi akşamlar geceler",
    "hu": "szia helló köszönöm igen nem kérem jó reggelt napot estét éjszakát viszontlátásra",
    "ru": "привет здравствуйте спасибо да нет доброе добрый утро день вечер спокойной ночи пожалуйста пока",
    "uk": "привіт вітаю дякую так ні добрий доброго ранку день вечір надобраніч будь ласка бувай",
    "ca": "hola gràcies sí no si us plau bon dia bona tarda nit adéu",
    "id": "halo terima kasih ya tidak tolong selamat pagi siang malam",
    "vi": "xin chào cảm ơn vâng không",
}
"""What people write to try a program: words too short for the detector, which would take “Olá” for Hungarian."""
_MOST_WORDS = 4
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LATIN_END = "\u024f"
_SELDOM = frozenset(["la", "eo", "af", "cy", "ga", "eu", "gl", "tl", "sw", "ms", "sq", "is"])
"""Languages that a few words, names or codes look like by chance."""
_OF_ONE_SCRIPT = 8
"""Languages that the detector ranks first: of a text in Cyrillic, all are written in it."""
_LINES = 60
_LONGEST_LINE = 2_000
_BETWEEN = re.compile(r"\s[-–—|/=]\s|\t")
"""What separates a phrase from its translation: `Obrigado - Thank you`."""
_LEAST_LETTERS, _SURELY_LETTERS = 15, 40
"""Of a sentence whose language is compared with the text's; a short one must be in a language that many write.

Measured with excerpts of 150 to 3,000 characters from texts in 29 languages: none of 696 was taken for a mixed one.
"""
_OTHER_SHARE = 0.2
_FEW_LETTERS = 20
"""A name, such as `Reykjavik` or `Kuala Lumpur`, is in the language of the text that it stands in."""


def usual_languages(targets: Sequence[str], translates: Callable[[str, str], bool]) -> tuple[str, ...]:
    """Return the languages that texts are probably in: the targets, and those that can be translated into one now."""
    sources = [one for one in _COMMON if any(translates(one, target) for target in targets)]
    return (*targets, *(sources or _COMMON))


@dataclass(frozen=True)
class FoundLanguage:
    """A text's language, and warnings. `is_certain`: whether its words leave no doubt about the language."""

    language: str
    warnings: tuple[str, ...] = ()
    is_certain: bool = True


def text_language(
    text: str, *, name: str, usual: Callable[[], Sequence[str]], nearby: str | None = None
) -> FoundLanguage:
    """Return the language of the text named `name`.

    `usual` returns the languages that are translated here; it is called only if the text is too short to be certain.
    Then a text that may be in the language of the files beside it, `nearby`, is taken for it.
    """
    if not any(character.isalpha() for character in text):
        return _assumed(name, nearby)
    greeting = _everyday(text)
    if len(greeting) == 1:
        return FoundLanguage(greeting[0])
    ranking = likely_languages(text, among=DETECTED_LANGUAGES)
    if ranking[0][1] - ranking[1][1] >= _least_difference(ranking[0][0], text):
        return FoundLanguage(ranking[0][0], _mixture(text, name, ranking[0][0]))
    among = usual() if _is_latin(text) else [code for code, _ in ranking[:_OF_ONE_SCRIPT] if code in _COMMON]
    among = _those(among or [ranking[0][0]], greeting)
    if nearby is not None and _may_be_in(primary(nearby), ranking, greeting):
        found = _of_few(text, ranking[:1], name=name, among=[primary(nearby)], why=", as the files beside it")
    else:
        found = _of_few(text, ranking, name=name, among=among)
    return replace(found, warnings=_mixture(text, name, found.language) or found.warnings)


def language_to_speak(text: str, *, speaks: Callable[[str], bool]) -> FoundLanguage:
    """Return the language in which to speak a text, and a warning if that is not certain to be its own.

    `speaks` returns whether there is a voice for a language. If there is none for the text's own, it is the likeliest
    of those that there is one for; if there is no voice at all, it is the text's own.
    """

    def spoken() -> list[str]:
        return [language for language in DETECTED_LANGUAGES if speaks(language)]

    found = text_language(text, name="The text", usual=spoken)
    among = [] if speaks(found.language) else spoken()
    if among:
        language = detect_text_language(text, among=among)
        sentence = f"The text seems to be in {display_name(found.language)}, for which there is no voice here"
        return FoundLanguage(language, (f"{sentence}: it was spoken as {display_name(language)}.",), is_certain=False)
    doubt = f"It is not certain in which language the text is: it was taken for {display_name(found.language)}."
    return replace(found, warnings=() if found.is_certain else (doubt,))


def _least_difference(language: str, text: str) -> float:
    """Return from which difference a language is certain. A few names may look like a seldom one by chance."""
    is_doubtful = language in _SELDOM and sum(map(str.isalpha, text)) < _SURELY_LETTERS
    return 3 * _CERTAIN if is_doubtful else _CERTAIN


def _may_be_in(language: str, ranking: Sequence[tuple[str, float]], greeting: Sequence[str]) -> bool:
    if greeting:
        return language in greeting
    return any(code == language and ranking[0][1] - likelihood < _CERTAIN for code, likelihood in ranking)


def _is_latin(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return 2 * sum(letter <= _LATIN_END for letter in letters) >= len(letters)


def _assumed(name: str, nearby: str | None) -> FoundLanguage:
    language = primary(nearby or ASSUMED)
    sentence = f"{name} contains no letters to detect its language from, so {language} is assumed."
    return FoundLanguage(language, (sentence,), is_certain=False)


def _those(usual: Sequence[str], greeting: Sequence[str]) -> Sequence[str]:
    """Return the languages that a short text may be in: those used here, of which its words are in, as far as known."""
    among = list(dict.fromkeys(map(primary, usual)))
    return [one for one in among if one in greeting] or greeting or among


def _of_few(
    text: str, ranking: Sequence[tuple[str, float]], *, name: str, among: Sequence[str], why: str = ""
) -> FoundLanguage:
    ranking = [one for one in ranking if one[0] in among or not _is_chance(one[0], text)] or ranking
    known = {code: likelihood for code, likelihood in ranking if code in among}
    best = max(known.values(), default=0.0)
    equal = [one for one in among if known.get(one) == best] or list(among)
    usual = ASSUMED if ASSUMED in equal else equal[0]
    language = ranking[0][0] if known and ranking[0][1] - best >= _CERTAIN else usual
    sentence = f"{name} is too short to be certain of its language, and was taken for {display_name(language)}{why}."
    remedy = f"If that is wrong, drop it again with a file {name}.job.yaml that says, for example, language: pt."
    return FoundLanguage(language, (f"{sentence} {remedy}",), is_certain=False)


def _is_chance(language: str, text: str) -> bool:
    """Return whether a text may look like a language by chance: a seldom one, or any if it has a few plain letters."""
    return language in _SELDOM or (text.isascii() and sum(map(str.isalpha, text)) < _FEW_LETTERS)


def _everyday(text: str) -> list[str]:
    """Return the languages in which all words of a very short text are everyday words."""
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(text[:200])]
    if not words or len(words) > _MOST_WORDS or len(text) > 200:
        return []
    return [language for language, known in _EVERYDAY.items() if set(words) <= set(known.split())]


def _mixture(text: str, name: str, language: str) -> tuple[str, ...]:
    """Return a warning if much of a text is in another language."""
    found = Counter[str]()
    for part in _parts(text):
        other = _language_of_part(part, language)
        if other is not None:
            found[other] += len(part)
    share = {code: length / found.total() for code, length in found.most_common(3) if code != language}
    return tuple(
        f"About {part:.0%} of {name} seem to be in {display_name(code)}, not {display_name(language)}. All of it is "
        f"treated as {display_name(language)}: if that is wrong, make a file of each language."
        for code, part in share.items()
        if part >= _OTHER_SHARE and found[code] >= _LEAST_LETTERS
    )


def _parts(text: str) -> Iterator[str]:
    """Yield sentences, and phrases that a dash or a tab separates, from lines all over a text."""
    lines = [line for line in text.split("\n") if line.strip()]
    for line in lines[:: max(1, len(lines) // _LINES)]:
        for part in _BETWEEN.split(line[:_LONGEST_LINE]):
            yield from sentences(part)


def _language_of_part(part: str, language: str) -> str | None:
    """Return the language of a part of a text that is mostly in `language`; None if it is not certain."""
    letters = sum(map(str.isalpha, part))
    if letters < _LEAST_LETTERS:
        greeting = _everyday(part)
        return greeting[0] if len(greeting) == 1 and greeting[0] in _COMMON else None
    first, second = likely_languages(part, among=DETECTED_LANGUAGES)[:2]
    if first[0] == language or letters >= _SURELY_LETTERS:
        return first[0] if first[0] == language or first[1] - second[1] >= _CERTAIN else None
    return first[0] if first[0] in _COMMON and first[1] - second[1] >= 2 * _CERTAIN else None
