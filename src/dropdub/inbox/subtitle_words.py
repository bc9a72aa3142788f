"""Words and codes in the endings of subtitles' names, as players, subtitle managers and sites write them."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HEARING = _words("""
sdh cc hi hoh cap closed caption captions captioned hearing impaired
""")
"""Marks of a subtitle for people who do not hear: it describes sounds as well."""
PARTIAL = _words("""
forced foreign signs songs parts only commentary
""")
"""Marks of a subtitle that does not hold the whole text: only what is said in another language, or a comment."""
PLAIN = _words("""
default full normal regular main sub subs subtitle subtitles dialog dialogue auto generated asr orig original
machine translated utf8 synced track und unknown mis mul
mp4 mkv avi webm mov m4v mp3 m4a wav flac srt vtt ass ssa txt
legenda legendas legendado legendada subtítulo subtítulos subtitulo subtitulos sottotitoli sottotitolo untertitel
titres undertexter undertekster ondertitels napisy titulky altyazı altyazi субтитры 字幕
""")
"""Words that change nothing: names of subtitles and of whole files in several languages, and suffixes."""
MARKS = HEARING | PARTIAL | PLAIN
FILLERS = _words("""
and a sous copy cópia copia kopie copie utf ansi unicode bom
netflix nf amzn amazon dsnp disney hulu hmax max atvp hbo web webrip webdl dl rip bluray bdrip brrip bdremux dvd
dvdrip dvdscr hdtv hdrip hdcam cam x264 x265 h264 h265 264 265 hevc avc xvid divx aac ac3 dd5 ddp5 dts remux proper
repack 480p 576p 720p 1080p 1080i 1440p 2160p 4k uhd hdr hdr10 sdr 10bit 8bit 23 976 fps 25fps 24fps 23976fps
whisper whisperx subgen faster ai gpt chatgpt openai google deepl gemini tiny base small medium large turbo v1 v2 v3
aud aut transcribed transcription transcript translation
fixed fix corrected correct cleaned clean resync resynced sync retail custom edited edit improved colored coloured
stripped timed honorifics opensubtitles subscene addic7ed subdl podnapisi yts yify
""")
"""Words that change nothing and say nothing alone: sources, programs, and what was done to a subtitle."""
ALIASES = {
    **{"pb": "pt-BR", "ptbr": "pt-BR", "br": "pt-BR", "ptpt": "pt-PT", "zt": "zh-Hant", "ze": "zh", "yue": "zh"},
    **{"ea": "es-419", "latino": "es-419", "esla": "es-419", "enus": "en-US", "engb": "en-GB"},
    **{"es-la": "es-419", "es-xl": "es-419", "zh-chs": "zh-Hans", "zh-cht": "zh-Hant"},
    **{"cn": "zh-Hans", "sc": "zh-Hans", "gb": "zh-Hans", "tw": "zh-Hant", "tc": "zh-Hant", "big5": "zh-Hant"},
    **{"jp": "ja", "kr": "ko", "ua": "uk", "cz": "cs", "gr": "el", "se": "sv", "dk": "da", "vn": "vi"},
}
"""Codes of Bazarr, subtitle sites and discs that mean something else, or nothing, outside a file's name; and codes of
countries that people write for a language."""
TITLE_WORDS = _words("""
am as be da el fa ha he hi id in io is it la li lo me mi my na no om or os sc se so ta te to tu us we
ben bos cat deu fin ice las mac man mar may nor pan per que ron run rum sin som son tel tam war was
""")
"""Codes that are also words, so that a film may be named with them."""
REGIONS = _words("""
419 ad ae af al am ao ar at au az ba bd be bg bh bo br by ca ch cl cm cn co cr cu cy cz de dk do dz ec ee eg es et eu
fi fr gb ge gh gr gt hk hn hr hu id ie il in iq ir is it jm jo jp ke kh kr kw kz la lb lk lt lu lv ly ma md me mg mk mm
mn mo mt mx my mz na ng ni nl no np nz om pa pe ph pk pl pr ps pt py qa ro rs ru sa se sg si sk sn sv sy th tn tr tt tw
tz ua ug uk us uy uz ve vn ye yu za zw latn cyrl hans hant arab deva
""")
"""Regions and scripts that are written after a language. Anything else there is the language it was translated from."""
