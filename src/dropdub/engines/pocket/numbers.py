"""Write numbers as words: Pocket TTS is too small to read digits, its makers say, and leaves that to its users.

Pure; num2words is imported on first use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dropdub.engines.speaking.text_for_speech import with_plain_digits
from dropdub.languages import primary

MOST_DIGITS = 15
"""Longer numbers, and those that begin with a zero, are read digit by digit."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_BETWEEN = re.compile(r"(?<=\d)[:/–-](?=\d)")
"""What stands between the numbers of a time, a date, a telephone number or a range."""
_PERCENT = re.compile(r"(?<=\d)\s?%")
_PERCENT_SAID: Mapping[str, str] = {
    "pt": " por cento",
    "en": " percent",
    "de": " Prozent",
    "es": " por ciento",
    "fr": " pour cent",
    "it": " per cento",
    "nl": " procent",
}
_ORDINAL: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(r"\b(\d{1,15})(?:st|nd|rd|th)\b"),
    "pt": re.compile(r"\b(\d{1,6})\.?(?:[ºo°]|(?P<feminine>ª))(?!\w)"),
    "es": re.compile(r"\b(\d{1,6})\.?(?:[ºo°]|(?P<feminine>ª))(?!\w)"),
    "it": re.compile(r"\b(\d{1,6})\.?(?:[º°]|(?P<feminine>ª))(?!\w)"),
    "fr": re.compile(r"\b(\d{1,6})(?:er|e|ème|(?P<feminine>re|ère))\b"),
    "nl": re.compile(r"\b(\d{1,6})(?:e|de|ste)\b"),
    "de": re.compile(
        r"\b(\d{1,2})\.(?=\s(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
        r"|Jahrhundert))"
    ),
}
_AMOUNT = r"\d(?:[\d.,]*\d)?"
_THOUSAND = ("mil", "mila", "mille", "thousand", "tausend", "duizend")
_MILLIONS = rf"(?i:{'|'.join(_THOUSAND)}|(?:m|b|tr)il[hlj]\w+)"
_MONEY = re.compile(
    rf"(?P<before>R\$|US\$|[$€£])\s?(?P<sum>{_AMOUNT})(?:\s(?P<millions>{_MILLIONS})\b)?"
    rf"|(?P<amount>{_AMOUNT})\s?(?P<after>[$€£])"
)
_ONE = re.compile(r"1(?:[.,]00?)?")
_MONEY_SAID: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "pt": {"$": ("dólar", "dólares"), "€": ("euro", "euros"), "£": ("libra", "libras")},
    "en": {"$": ("dollar", "dollars"), "€": ("euro", "euros"), "£": ("pound", "pounds")},
    "de": {"$": ("Dollar", "Dollar"), "€": ("Euro", "Euro"), "£": ("Pfund", "Pfund")},
    "es": {"$": ("dólar", "dólares"), "€": ("euro", "euros"), "£": ("libra", "libras")},
    "fr": {"$": ("dollar", "dollars"), "€": ("euro", "euros"), "£": ("livre", "livres")},
    "it": {"$": ("dollaro", "dollari"), "€": ("euro", "euro"), "£": ("sterlina", "sterline")},
    "nl": {"$": ("dollar", "dollar"), "€": ("euro", "euro"), "£": ("pond", "pond")},
}
"""Names of currencies: of one, and of several."""
_OF: Mapping[str, str] = {"pt": " de", "es": " de", "fr": " de", "it": " di"}
"""What stands between millions and a currency."""
_POINT_IS_DECIMAL = ("en",)
_POINT_SAID: Mapping[str, str] = {
    "pt": "vírgula",
    "en": "point",
    "de": "Komma",
    "es": "coma",
    "fr": "virgule",
    "it": "virgola",
    "nl": "komma",
}


def spelled_out(text: str, language: str) -> str:
    """Return a text with its numbers as words of a language (a tag: the Portuguese of Brazil and Portugal differ)."""
    code, found = primary(language), with_plain_digits(text)
    if not any(one.isdigit() for one in found):
        return text
    found = _MONEY.sub(lambda match: _with_currency(match, code), found)
    found = _BETWEEN.sub(" ", _PERCENT.sub(_PERCENT_SAID.get(code, "%"), found))
    if code in _ORDINAL:
        found = _ORDINAL[code].sub(lambda match: _ordinal(match, language), found)
    return _NUMBER.sub(lambda match: _apart(match, _said(match[0], language)), found)


def _apart(match: re.Match[str], words: str) -> str:
    """Return words with a space where the number touched a letter."""
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    return f"{' ' * before.isalnum()}{words}{' ' * after.isalnum()}"


def _ordinal(match: re.Match[str], language: str) -> str:
    """Return an ordinal number in words. num2words knows those of men only, and in German those without an ending."""
    said = _words(int(match[1]), language, to="ordinal")
    if primary(language) == "de":
        return f"{said}n"
    is_feminine = "feminine" in match.re.groupindex and match["feminine"] is not None
    return re.sub(r"o\b", "a", said).replace("premier", "première") if is_feminine else said


def _with_currency(match: re.Match[str], code: str) -> str:
    """Return a sum of money with the name of its currency after it."""
    symbol, amount, millions = match["before"] or match["after"], match["sum"] or match["amount"], match["millions"]
    said = {"R$": ("real", "reais"), **_MONEY_SAID.get(code, {})}
    one, several = said.get(symbol) or said.get(symbol[-1]) or (symbol, symbol)
    if millions is None:
        return f"{amount} {one if _ONE.fullmatch(amount) else several}"
    return f"{amount} {millions}{_OF.get(code, '') if millions.lower() not in _THOUSAND else ''} {several}"


def _said(number: str, language: str) -> str:
    group, point = (",", ".") if primary(language) in _POINT_IS_DECIMAL else (".", ",")
    whole = re.fullmatch(rf"(\d{{1,3}}(?:{re.escape(group)}\d{{3}})+)(?:{re.escape(point)}(\d+))?", number)
    if whole:
        return _cardinal(whole[1].replace(group, ""), whole[2], language)
    parts = re.split(r"[.,]", number)
    if len(parts) == 2:
        return _cardinal(parts[0], parts[1], language)
    return " ".join(_cardinal(part, None, language) for part in parts)


def _cardinal(whole: str, decimals: str | None, language: str) -> str:
    """Return a number in words, its decimals digit by digit: num2words fails on some with more digits."""
    if len(whole) > MOST_DIGITS or (len(whole) > 1 and whole.startswith("0") and decimals is None):
        return _digits(whole, language)
    said = _words(int(whole), language)
    exact = (decimals or "").rstrip("0")
    return f"{said} {_POINT_SAID[primary(language)]} {_digits(exact, language)}" if exact else said


def _digits(digits: str, language: str) -> str:
    return " ".join(_words(int(digit), language) for digit in digits)


def _words(number: int, language: str, *, to: str = "cardinal") -> str:
    from num2words import num2words  # noqa: PLC0415  (only in workers that use it)

    return str(num2words(number, lang=_locale(language), to=to))


def _locale(language: str) -> str:
    """Return the name that num2words has for a language: Portuguese without a region is that of Brazil here."""
    code = primary(language)
    return "pt" if language.casefold() == "pt-pt" else "pt_BR" if code == "pt" else code
