"""Play a sound file on this computer with a program of the system or of the user."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from dropdub.errors import DeadlineExceeded, NotDelivered
from dropdub.process import DESKTOP, child_environment, console_python, find_program
from dropdub.process.run import Ending, Program, run

MARGIN_S = 15.0
"""A player may take this much longer than the sound: to start, to wake a loudspeaker, to end."""
_LEAST_PLAYED = 0.5
"""Share of the sound's length that a player takes at least."""
_VARIABLES = (*DESKTOP, "PULSE_SERVER", "PIPEWIRE_REMOTE", "ALSA_CARD", "DISPLAY", "WAYLAND_DISPLAY")
_WINDOWS = "import sys, winsound; winsound.PlaySound(sys.argv[1], winsound.SND_FILENAME)"
_PLAYERS: tuple[tuple[str, ...], ...] = (
    ("afplay",),
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
)
"""Programs that play a file and end: of macOS, then of Linux, the sound servers before the bare device."""
NO_PLAYER = (
    "Install one, on Debian and Ubuntu with:\n  sudo apt-get install pipewire-bin\n"
    "Or name another program with monitor.player in config.yaml, or save the lines in a folder (save)."
)


def find_player(chosen: Sequence[str]) -> tuple[str, ...] | None:
    """Return the command that plays the file whose path is added to it: the chosen one, or one of the system."""
    for command in (tuple(chosen),) if chosen else _system_players():
        program = find_program(command[0])
        if program is not None:
            return (str(program), *command[1:])
    return None


def play(sound: Path, *, seconds: float, chosen: Sequence[str], lock_path: Path, stopping: threading.Event) -> None:
    """Play a WAV file to its end; return then, or if the player has not ended long after the sound has.

    Everything that the player started is killed at its end, and when `stopping` is set. A chosen player may hand the
    sound over to another program. Raises NotDelivered if no player is found, if it fails, if it was stopped, or if one
    of the system ends long before the sound: ffplay reports success without a sound device.
    """
    command = find_player(chosen)
    if command is None:
        raise NotDelivered(_missing(chosen), remedy=NO_PLAYER)
    name = Path(command[0]).name

    def look(_pid: int) -> None:
        if stopping.is_set():
            raise NotDelivered(f"{name} was stopped because Dropdub is stopping.")

    program = Program([*command, str(sound)], environment=child_environment(_VARIABLES), lock_path=lock_path)
    begun = time.monotonic()
    try:
        ending = run(program, deadline_s=seconds + MARGIN_S, look=look)
    except DeadlineExceeded:
        return  # by then, everything has been heard
    except (OSError, ValueError) as error:
        raise NotDelivered(f"{name} cannot be started: {error}.", remedy=NO_PLAYER) from error
    is_too_short = not chosen and time.monotonic() - begun < seconds * _LEAST_PLAYED
    if ending.returncode != 0 or is_too_short:
        raise NotDelivered(_failed(name, ending), remedy=NO_PLAYER)


def _system_players() -> tuple[tuple[str, ...], ...]:
    return ((console_python(), "-I", "-c", _WINDOWS),) if sys.platform == "win32" else _PLAYERS


def _missing(chosen: Sequence[str]) -> str:
    if chosen:
        return f"The program of monitor.player, {chosen[0]}, is not there, or may not be run."
    return "No program that plays sound is installed."


def _failed(name: str, ending: Ending) -> str:
    said = f" It said: {ending.complaints[-1][:200].rstrip('.')}." if ending.complaints else ""
    how = f"exited with code {ending.returncode}" if ending.returncode else "ended before the sound"
    return f"Lines cannot be played: {name} {how}.{said}"
