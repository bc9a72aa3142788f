"""Recognise folders that are one document: a book, a project, a library. They are never taken apart. Pure."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

_PROJECTS = """
.rtfd .pages .numbers .key .keynote .logicx .band .imovielibrary .imovieproject .fcpbundle .fcpproject .fcparch
.photoslibrary .photolibrary .aplibrary .migratedphotolibrary .musiclibrary .tvlibrary .theater .dvdmedia .dvdproj
.scriv .textbundle .ulysses .oo3 .ooutline .graffle .cmproj .screenflow .tscproj .vpdoc .abbu .sparsebundle .app
.bundle .framework .plugin .component .vst .vst3 .pkg .mpkg .workflow .xcodeproj .docset .mlpackage .lrdata .lrlib
.aup3_data .wdgt .webarchive .garageband .motn .moti .sketch .rtpx .ibooks .iba
""".split()  # noqa: SIM905
"""Suffixes of folders that macOS shows as one file, and of projects of recording programs."""
_BOOK = (".epub", ".ibooks")


def bundle_refusal(folder: str, names: Collection[str]) -> str | None:
    """Return why a folder with these entries is left as it is; None if it is a folder like any other."""
    suffix = Path(folder).suffix.casefold()
    if suffix in _BOOK or {"mimetype", "META-INF"} <= set(names):
        return (
            "is a folder that is one book, so it is not taken apart. To have it read, save it as a single .epub file "
            "with a program for books, and drop that file."
        )
    if suffix in _PROJECTS:
        return (
            f"is a folder that belongs together as one document ({suffix}), so it is not taken apart. Export what is "
            "to be processed as a file, and drop that. If it is a folder like any other, rename it."
        )
    return None
