"""What a file's suffix suggests: a recording, subtitles, a text to read aloud, or none of these."""

from __future__ import annotations

_RECORDINGS = """
.mp4 .m4v .m4a .m4b .mov .qt .3gp .3g2 .mkv .mka .webm .wav .w64 .mp3 .mp2 .flac .ogg .oga .ogv .opus .spx .avi
.ts .mts .m2ts .mpg .mpeg .vob .wma .wmv .asf .flv .f4v .aac .ac3 .eac3 .dts .amr .aif .aiff .au .caf .ape .wv
.tta .tak .voc .dv .mxf .gxf .nut .rm .ra .rmvb .wtv
"""
_NO_PROSE = """
.json .jsonl .yaml .yml .toml .ini .cfg .conf .xml .html .htm .xhtml .svg .csv
.tsv .css .js .mjs .jsx .tsx .py .pyw .ipynb .rb .pl .php .sh .bash .zsh .bat .cmd .ps1 .vbs .c .h .cc .cpp
.hpp .cs .java .kt .go .rs .swift .sql .lua .r .tex .bib .rtf .ps .eps .log .diff .patch .m3u .m3u8 .pls .xspf
.mpd .cue .nfo .url .desktop .lnk .torrent .ics .vcf .eml .pem .exe .dll
"""
_NEVER = """
.exe .dll .so .dylib .msi .msix .apk .deb .rpm .dmg .pkg .iso .img .class .jar .pyc .o .lnk .url .torrent
.zip .rar .7z .tar .gz .tgz .bz2 .xz .zst .cab
.jpg .jpeg .png .gif .bmp .webp .tif .tiff .heic .heif .ico .psd .cr2 .nef .dng
.xls .xlsx .ods .ppt .pptx .odp .mdb .accdb .sqlite .db .ttf .otf .woff .woff2
"""

_SUBTITLES = """
.srt .vtt .webvtt .ass .ssa .ttml .dfxp .itt .imsc .smi .sami .sbv .lrc .sub .mpl .mpl2 .stl .srv1 .srv2 .srv3
.json3
"""

SUBTITLE_SUFFIXES = frozenset(_SUBTITLES.split())
TEXT_SUFFIXES = frozenset({".txt", ".text", ".md", ".markdown"})
MEDIA_SUFFIXES = frozenset(_RECORDINGS.split())
OTHER_SUFFIXES = frozenset(_NO_PROSE.split())
"""Files that nobody wants read aloud: code, data, configuration and programs."""
NEVER_SUFFIXES = frozenset(_NEVER.split())
"""Programs, archives, pictures and tables: whatever is in them, it is no recording, no subtitle and no text to read."""
ACCEPTED = "Drop a recording with audio, a subtitle file (.srt, .vtt), or a text to read (.txt, .md, .docx, .epub)."


def unusable(name: str) -> str:
    """Return the message for a file of a kind that Dropdub does not process."""
    return f"{name} is neither a recording nor a text to read aloud."
