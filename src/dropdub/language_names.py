"""Languages that are written out, as in the names of files: `Portuguese (Brazil)`, `Deutsch`, `简体中文`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain

from dropdub.languages import english_names, is_known, primary

_NAMES = {
    "pt-BR": "brazilian",
    "es-ES": "castilian, castellano",
    "es-419": "latino, latam, latin american",
    "zh-Hans": "simplified, 简体, 简体中文, 简中, 中文(简体), 中文 简体",
    "zh-Hant": "traditional, 繁體, 繁体, 繁體中文, 繁体中文, 繁中, 正體中文, 中文(繁體), 中文 繁體",
    "af": "afrikaans",
    "am": "አማርኛ",
    "ar": "العربية, عربي",
    "az": "azərbaycanca, azeri",
    "be": "беларуская",
    "bg": "български",
    "bn": "বাংলা, bangla",
    "bs": "bosanski",
    "ca": "català, catala, valencian, valencià",
    "cs": "čeština, cestina, česky, cesky, český",
    "cy": "cymraeg",
    "da": "dansk",
    "de": "deutsch, allemand, alemão, alemán, tedesco",
    "el": "ελληνικά",
    "en": "inglês, ingles, inglés, anglais, englisch, inglese, engelsk, engels, английский",
    "es": "español, espanol, espanhol, espagnol, spanisch, spagnolo",
    "et": "eesti",
    "eu": "euskara, euskera",
    "fa": "فارسی, farsi",
    "fi": "suomi",
    "fr": "français, francais, francês, francés, französisch, francese",
    "ga": "gaeilge",
    "gl": "galego, galician",
    "gu": "ગુજરાતી",
    "he": "עברית",
    "hi": "हिन्दी, हिंदी",
    "hr": "hrvatski",
    "hu": "magyar",
    "hy": "հայերեն",
    "id": "bahasa indonesia",
    "is": "íslenska, islenska",
    "it": "italiano, italien, italienisch",
    "ja": "日本語",
    "ka": "ქართული",
    "kk": "қазақша, қазақ тілі",
    "km": "ខ្មែរ",
    "kn": "ಕನ್ನಡ",
    "ko": "한국어, 한글",
    "lo": "ລາວ",
    "lt": "lietuvių, lietuviu",
    "lv": "latviešu, latviesu",
    "mk": "македонски",
    "ml": "മലയാളം",
    "mn": "монгол",
    "mr": "मराठी",
    "ms": "bahasa melayu, melayu",
    "my": "မြန်မာ",
    "nb": "norsk, bokmål, bokmal, norsk bokmål",
    "nl": "nederlands, flemish, vlaams",
    "nn": "norsk nynorsk, norwegian nynorsk",
    "pa": "ਪੰਜਾਬੀ",
    "pl": "polski",
    "pt": "português, portugues, portugiesisch, portugais, portoghese",
    "ro": "română, romana, moldavian",
    "ru": "русский",
    "sk": "slovenčina, slovencina, slovensky, slovenský",
    "sl": "slovenščina, slovenian",
    "sq": "shqip",
    "sr": "srpski, српски",
    "sv": "svenska",
    "sw": "kiswahili",
    "ta": "தமிழ்",
    "te": "తెలుగు",
    "th": "ไทย, ภาษาไทย",
    "tl": "filipino",
    "tr": "türkçe, turkce",
    "uk": "українська",
    "ur": "اردو",
    "vi": "tiếng việt, vietnamita",
    "zh": "中文, 汉语, 漢語, mandarin, cantonese, chinese mandarin, chinese cantonese",
}
"""Names of languages, in the language itself and in languages that Dropdub's users speak, and of their variants."""
_PLACES = {
    "AR": "argentina, argentino",
    "AT": "austria, austrian, österreich",
    "AU": "australia, australian",
    "BE": "belgium, belgian, belgique, belgië",
    "BR": "brazil, brazilian, brasil, brasileiro, brasileira, do brasil",
    "CA": "canada, canadian, canadien",
    "CH": "switzerland, swiss, schweiz, suisse",
    "CL": "chile",
    "CN": "china, mainland china",
    "CO": "colombia",
    "DE": "germany, deutschland",
    "EG": "egypt, egyptian",
    "ES": "spain, españa, espana, espanha, castilian",
    "FR": "france",
    "GB": "united kingdom, great britain, britain, british",
    "HK": "hong kong",
    "IE": "ireland",
    "IN": "india, indian",
    "IR": "iran",
    "IT": "italy, italia",
    "MX": "mexico, méxico, mexican",
    "NL": "netherlands",
    "NZ": "new zealand",
    "PT": "portugal",
    "RU": "russia",
    "SA": "saudi arabia",
    "SG": "singapore",
    "TW": "taiwan, taiwanese",
    "US": "united states, america, american",
    "ZA": "south africa",
}
_VARIANTS = {
    "pt": {"PT": "european, europeu, pt", "BR": "br"},
    "es": {
        "ES": "european, europe",
        "419": "latin american, latin america, latinoamérica, latinoamerica, latino, latin",
    },
    "en": {"GB": "uk", "US": "us, usa"},
    "zh": {
        "Hans": "simplified, simp, simplificado, 简体",
        "Hant": "traditional, trad, tradicional, 繁體, 繁体",
    },
    "sr": {"Latn": "latin, latinica", "Cyrl": "cyrillic, ћирилица"},
    "nb": {"": "bokmål, bokmal"},
}
"""Regions and scripts of single languages: `Spanish (Latin American)`, `Serbian (Latin)`."""
_LONGEST_CODE = 3


def tag_named(words: Sequence[str]) -> str | None:
    """Return the tag of a language whose name these words are; ignores case.

    `Portuguese` and `português` are `pt`; `Brazilian Portuguese`, `Português Brasil` and `Brazilian por` are `pt-BR`.
    None for anything else, a code alone included.
    """
    folded = [word.casefold() for word in words]
    return _names().get(" ".join(folded)) or next(filter(None, _with_variants(folded)), None)


def _with_variants(words: Sequence[str]) -> Iterator[str | None]:
    for at in range(1, len(words)):
        one, other = " ".join(words[:at]), " ".join(words[at:])
        yield _variant(_names().get(one) or (_code(one) if len(other) > _LONGEST_CODE else None), other)
        is_code = len(other) == _LONGEST_CODE and len(one) > _LONGEST_CODE  # a country before `es` ends a title
        yield _variant(_names().get(other) or (_code(other) if is_code else None), one)


def _variant(language: str | None, kind: str) -> str | None:
    if language is None or "-" in language:
        return None
    subtag = _variants().get(language, {}).get(kind, _places().get(kind))
    return None if subtag is None else "-".join(filter(None, (language, subtag)))


def _code(name: str) -> str | None:
    return primary(name) if len(name) in (2, _LONGEST_CODE) and is_known(name) else None


@cache
def _names() -> dict[str, str]:
    return {**english_names(), **_by_name(_NAMES)}


@cache
def _places() -> dict[str, str]:
    return _by_name(_PLACES)


@cache
def _variants() -> dict[str, dict[str, str]]:
    return {language: _by_name(names) for language, names in _VARIANTS.items()}


def _by_name(table: Mapping[str, str]) -> dict[str, str]:
    pairs = chain.from_iterable(((name, tag) for name in names.casefold().split(", ")) for tag, names in table.items())
    return dict(pairs)
