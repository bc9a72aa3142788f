"""libespeak-ng through ctypes: the few calls that are needed, in the order that the library requires.

The library keeps its state in globals and is not thread-safe: there is one `EspeakLibrary` per process, and its calls
are serialized.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import sys
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np

from dropdub.engines.base import Samples
from dropdub.errors import EngineMissing, UnexpectedError
from dropdub.files.removal import remove_tree
from dropdub.installation import adding_command

PATH_LIMIT = 150
"""The longest safe data path in bytes: the library copies it into a buffer of 160 without a length check."""

_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_UTF8 = 1
_RATE = 1
_POSITION_CHARACTER = 1
_OK = 0
_IPA = 0x02
_WITH_TIES = 0x80
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class _VoiceStruct(ctypes.Structure):
    """espeak_VOICE of speak_lib.h."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


@dataclass(frozen=True)
class EspeakVoice:
    """A voice of the library. `languages` holds (priority, tag); for each tag, the lowest priority fits best."""

    name: str
    identifier: str
    languages: tuple[tuple[int, str], ...]


class EspeakLibrary:
    """The loaded library. Use `espeak_library()`."""

    def __init__(self, library: Path, data: Path) -> None:
        self._turn = Lock()
        self._blocks: list[bytes] = []
        self._receive = _Callback(self._on_audio)  # keep a reference: the library calls it for the rest of the process
        self._dll = ctypes.CDLL(str(library))
        _declare(self._dll)
        self.sample_rate = self._initialize(data)
        self.voices = tuple(self._list_voices())
        self.version = self._dll.espeak_Info(None).decode("ascii", "replace")

    def speak(self, text: str, *, voice: str, words_per_minute: int) -> Samples:
        """Return `text` spoken literally, without interpreting markup, by the voice with this identifier."""
        with self._turn:
            self._check(self._dll.espeak_SetVoiceByName(voice.encode()), f"voice {voice}")
            self._check(self._dll.espeak_SetParameter(_RATE, words_per_minute, 0), "rate")
            return self._synthesize(text.replace("\0", " ").encode("utf-8", "replace") + b"\0")

    def phonemes(self, text: str, *, voice: str, tie: str) -> str:
        """Return the sounds of `text` in the International Phonetic Alphabet, with `tie` within sounds of two letters.

        Punctuation is left out: give it the text between two marks.
        """
        with self._turn:
            self._check(self._dll.espeak_SetVoiceByName(voice.encode()), f"voice {voice}")
            rest = ctypes.c_char_p(text.replace("\0", " ").encode("utf-8", "replace") + b"\0")
            found = []
            while rest:  # each call reads one clause, and moves the pointer behind it
                clause = self._dll.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA | _WITH_TIES | ord(tie) << 8)
                found.append((clause or b"").decode("utf-8", "replace").strip())
        return " ".join(filter(None, found))

    def _synthesize(self, data: bytes) -> Samples:
        self._blocks.clear()
        try:
            code = self._dll.espeak_Synth(data, len(data), 0, _POSITION_CHARACTER, 0, _UTF8, None, None)
            self._check(code, "text")
            pcm = np.frombuffer(b"".join(self._blocks), dtype=np.int16)
        finally:
            self._blocks.clear()
        return np.divide(pcm, 32768, dtype=np.float32)

    def _on_audio(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._blocks.append(ctypes.string_at(samples, count * 2))
        return 0

    def _initialize(self, data: Path) -> int:
        rate = self._dll.espeak_Initialize(_SYNCHRONOUS, 0, _path_bytes(short_data_path(data)), _DONT_EXIT)
        if rate <= 0:
            raise EngineMissing(f"espeak-ng cannot read its voices in {data}.", remedy=_reinstall())
        self._dll.espeak_SetSynthCallback(self._receive)
        return int(rate)

    def _list_voices(self) -> Iterator[EspeakVoice]:
        found = self._dll.espeak_ListVoices(None)
        for entry in iter_until_null(found):
            if not entry.identifier.startswith(b"mb/"):  # MBROLA: listed, but its data is not in the package
                yield EspeakVoice(
                    entry.name.decode("utf-8", "replace"),
                    entry.identifier.decode("utf-8", "replace"),
                    tuple(_languages(entry.languages)),
                )

    def _check(self, code: int, what: str) -> None:
        if code != _OK:
            raise UnexpectedError(f"espeak-ng refused the {what} (code {code}).")


def iter_until_null(found: ctypes._Pointer[ctypes._Pointer[_VoiceStruct]]) -> Iterator[_VoiceStruct]:
    """Yield the targets of a NULL-terminated array of pointers."""
    place = 0
    while found[place]:
        yield found[place].contents
        place += 1


def _languages(address: int) -> Iterator[tuple[int, str]]:
    """Read a list of entries, each a priority byte and a C string, that ends with a zero byte."""
    while (priority := ctypes.string_at(address, 1)[0]) != 0:
        tag = ctypes.string_at(address + 1)
        yield priority, tag.decode("ascii", "replace").lower()
        address += len(tag) + 2


def _declare(dll: ctypes.CDLL) -> None:
    text, number, address = ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p
    dll.espeak_Initialize.argtypes = [number, number, text, number]
    dll.espeak_SetSynthCallback.argtypes = [_Callback]
    dll.espeak_SetSynthCallback.restype = None
    dll.espeak_SetVoiceByName.argtypes = [text]
    dll.espeak_SetParameter.argtypes = [number, number, number]
    flags = ctypes.c_uint
    dll.espeak_Synth.argtypes = [text, ctypes.c_size_t, flags, number, flags, flags, address, address]
    dll.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(text), number, number]
    dll.espeak_TextToPhonemes.restype = text
    dll.espeak_ListVoices.argtypes = [address]
    dll.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_VoiceStruct))
    dll.espeak_Info.argtypes = [address]
    dll.espeak_Info.restype = text


def _path_bytes(path: Path) -> bytes:
    """Return a path encoded for the library's fopen: in the active code page on Windows, in UTF-8 elsewhere."""
    if sys.platform != "win32":
        return os.fsencode(path)
    try:
        return str(path).encode("mbcs", "strict")
    except UnicodeEncodeError as error:
        raise EngineMissing(
            f"espeak-ng cannot read its voices in {path}: the path has characters outside the Windows code page.",
            remedy="Install Dropdub in a folder whose path has only plain letters.",
        ) from error


def short_data_path(data: Path) -> Path:
    """Return a path of at most `PATH_LIMIT` bytes at which the voices can be read."""
    if len(os.fsencode(data)) <= PATH_LIMIT:
        return data
    return _kept_copy(data) if sys.platform == "win32" else _link(data)


def _link(data: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="espeak-"))
    weakref.finalize(short_data_path, remove_tree, folder)  # at the end of the process
    link = folder / "data"
    link.symlink_to(data, target_is_directory=True)
    return link


def _kept_copy(data: Path) -> Path:
    """Return a copy in the temporary folder, which later processes reuse: symlinks need a privilege on Windows."""
    stamp = f"{data}{data.stat().st_mtime_ns}".encode("utf-8", "replace")
    place = Path(tempfile.gettempdir()) / f"espeak-{hashlib.sha256(stamp).hexdigest()[:16]}"
    if not place.is_dir():
        part = Path(tempfile.mkdtemp(prefix="espeak-"))
        shutil.copytree(data, part, dirs_exist_ok=True)
        _claim(part, place)
    return place


def _claim(part: Path, place: Path) -> None:
    try:
        part.rename(place)
    except OSError:
        remove_tree(part)  # another process was faster
        if not place.is_dir():
            raise


def _reinstall() -> str:
    return f"Reinstall it with:\n  {adding_command('--force-reinstall', 'espeakng-loader')}"


@cache
def espeak_library() -> EspeakLibrary:
    """Return this process's library; the first call loads it."""
    import espeakng_loader  # noqa: PLC0415  (an optional package)

    try:
        return EspeakLibrary(Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path()))
    except OSError as error:
        raise EngineMissing(f"espeak-ng's library cannot be loaded: {error}.", remedy=_reinstall()) from error
