"""Put a spoken line into the folder of the user: complete, under a name of its own, and replacing nothing."""

from __future__ import annotations

import contextlib
import re
from itertools import count
from pathlib import Path

from dropdub.errors import NotDelivered
from dropdub.failpoints import reach
from dropdub.files.copying import copied_part
from dropdub.files.durable import is_file, names_of_part, numbered, rename_new, sha256
from dropdub.files.held import HeldFolder, read_regular
from dropdub.files.privacy import share_open
from dropdub.files.removal import remove

_REMEDY = "Create the folder, or let the account that runs Dropdub write to it. Then the lines are saved by themselves."


def save(sound: Path, folder: Path, name: str, *, text_file: Path) -> Path:
    """Copy a sound into a folder; return the file. A line that was saved before a crash is not saved again.

    A name that another file has gets a number. Those who can read both the folder and `text_file`, which the sound is
    made of, can read it. Raises NotDelivered if the folder cannot be written to.
    """
    try:
        with read_regular(sound) as reader, HeldFolder.open(folder) as held:
            part, digest = copied_part(reader, held, name)
            _share(folder / part, text_file)
        try:
            return _named(folder / part, folder, name, digest)
        finally:
            remove(folder / part)
    except OSError as error:
        reason = error.strerror or str(error)
        raise NotDelivered(f"Lines cannot be saved in {folder}: {reason}.", remedy=_REMEDY) from error


def remove_parts(folder: Path, monitor: str) -> None:
    """Remove the temporary files of this monitor that an earlier run left in a folder."""
    line = re.compile(re.escape(monitor) + r"-\d{6,}\.\w+")
    with contextlib.suppress(OSError):
        for path in list(folder.glob(".*.part")):
            if any(map(line.fullmatch, names_of_part(path.name))):
                remove(path)


def _share(part: Path, text_file: Path) -> None:
    with read_regular(part) as opened:
        share_open(opened.fileno(), place=part.parent, made_of=[text_file] if is_file(text_file) else [], owner=None)


def _named(part: Path, folder: Path, name: str, digest: str) -> Path:
    for number in count(1):
        target = folder / numbered(name, number)
        try:
            rename_new(part, target)
        except FileExistsError:
            if sha256(target) == digest:
                return target
        else:
            reach("monitor.saved")
            return target
    raise AssertionError  # a name is free at last
