"""The record of a room: the sound of all that was said, with its text, as one job."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.languages import same_language
from dropdub.subtitles.formats import Cue, as_srt
from dropdub.untrusted.files import read_whole
from dropdub.web.answering.errors import ApiError
from dropdub.web.dictation.sound import RATE
from dropdub.web.interpreting.request import MOST_BYTES
from dropdub.web.jobs.submission import Wish, record_upload
from dropdub.web.rooms.folder import RoomFolder
from dropdub.web.rooms.room import Member, Room, Utterance
from dropdub.web.site import Site
from dropdub.web.speech.headers import wav_header
from dropdub.web.uploads.upload import Upload

PAUSE_S = 0.6
"""Between two utterances: nobody wants to hear how long people thought."""


@dataclass(frozen=True)
class _Placed:
    """An utterance where it is in the recording, in seconds."""

    utterance: Utterance
    start: float
    end: float


def record_room(site: Site, folder: RoomFolder, room: Room, said: Sequence[Utterance]) -> int | None:
    """Record the job of what was said in a room, and return its number; None if nothing was said.

    It is what one gets by dropping the recording with a subtitle: the host's language is that of the text, the guest's
    that of the translation. Called again after a crash, it returns the same job. Blocks.
    """
    found = list(_placed(said))
    if not found:
        return None
    stem = time.strftime("conversation-%Y-%m-%d-%H%M", time.localtime(room.created))
    host, guest = room.members["host"], room.members["guest"]
    upload = _written(site, f"{stem}.wav", [folder.sound(room.id, one.utterance.n) for one in found])
    words = site.uploads.add_words(upload, f".{host.language}.srt", as_srt(list(_cues(room, found))).encode())
    targets = [] if same_language(host.language, guest.language) else [guest.language]
    wish = Wish({"language": host.language, "targets": targets}, key=f"room:{room.id}", companion=words)
    return record_upload(site, site.uploads.accept(upload), wish).job_id


def _written(site: Site, name: str, sounds: Sequence[Path]) -> Upload:
    """Return a new upload with these sounds, one after the other: a long talk does not fit into the memory."""
    pause = bytes(2 * round(PAUSE_S * RATE))
    size = sum(sound.stat().st_size + len(pause) for sound in sounds)
    header = wav_header(RATE, size)
    upload = site.uploads.create(name, size=len(header) + size, resumable=False)
    try:
        writing = site.uploads.write(upload)
        try:
            writing.write([header])
            for sound in sounds:
                writing.write([read_whole(sound, MOST_BYTES), pause])
        finally:
            upload = site.uploads.close(writing)
    except (ApiError, OSError):
        site.uploads.release(upload)
        raise
    return site.uploads.hash(upload)


def _placed(said: Sequence[Utterance]) -> Iterator[_Placed]:
    start = 0.0
    for one in said:
        yield _Placed(one, start, start + one.seconds)
        start += one.seconds + PAUSE_S


def _cues(room: Room, found: Sequence[_Placed]) -> Iterator[Cue]:
    for one in found:
        said = one.utterance
        text = said.text if said.seat == "host" else said.translation
        yield Cue(one.start, one.end, (f"{_label(room.members[said.seat])}: {text}",))


def _label(member: Member) -> str:
    return member.name.replace(":", "")
