"""Kill the web server and the supervisor while files are uploaded: at a named place of each, or at a random moment."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from dropdub.failpoints import TRACE_VARIABLE, VARIABLE
from tests.acceptance.served import Served
from tests.acceptance.site import ENDED, Site
from tests.chaos.harness import SETTINGS, places, survivors
from tests.chaos.uploading import Sending, Way, a_sending, send, wrong_at_rest, wrong_jobs, wrong_while_dead
from tests.waiting import wait_until

LIGHT_DAEMON: dict[str, Any] = {
    **SETTINGS,
    "job": {"targets": []},
    "pools": {"media": {"workers": 1}, "transcribe": {"workers": 1}, "synthesize": {"workers": 1}},
}
SENT_WITHIN_S = 300.0
PATIENCE_S = 60.0
PAUSE_S = 0.03
"""Between the blocks of a file whose sender is slow."""
A_WHILE_S = {"web": 1.0, "daemon": 4.0}
"""The longest wait before a kill at a random moment: it comes while files are sent, or while they are processed."""


@dataclass(frozen=True)
class Aim:
    """Who is to die (`web` or `daemon`), and at which place; without one, at a random moment."""

    victim: str
    place: str | None = None

    def __str__(self) -> str:
        return self.place or f"{self.victim} at a random moment"


@dataclass
class Chaos:
    """A root whose processes die, and the files that are sent to it meanwhile.

    `killed`: whom each kill has hit, and where. `unreached`: aims at places that a life did not come to.
    """

    served: Served
    chance: random.Random
    sendings: list[Sending] = field(default_factory=list)
    killed: list[Aim] = field(default_factory=list)
    unreached: list[Aim] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _senders: list[threading.Thread] = field(default_factory=list)
    _lives: int = 0

    @property
    def site(self) -> Site:
        return self.served.site

    def life(self, web: Aim, daemon: Aim, ways: Sequence[Way]) -> None:
        """Start the daemon, send a file in each of these ways, and let first the server die, then the supervisor.

        Look at what is left after each death.
        """
        self._lives += 1
        self._flag(daemon).touch()  # it may live until the server has died
        self._start({aim: self._flag(aim) for aim in (web, daemon) if aim.place})
        wait_until(self.served.answers, "the web server answers")
        self.begin(ways, pause_s=0.0 if web.place else PAUSE_S)
        self._die(web)
        self.problems += wrong_jobs(self.site, self.sendings)
        self._flag(daemon).unlink()
        if all(one.job is not None for one in self.sendings):
            self.begin(ways)  # something has to come by the place at which it is to die
        self._die(daemon)
        self.problems += survivors(self.site)
        self.problems += wrong_while_dead(self.site, self.sendings)

    def begin(self, ways: Sequence[Way], *, pause_s: float = 0.0) -> None:
        """Begin to send a file in each of these ways; it is sent again until it is answered, through all lives."""
        for way in ways:
            sending = a_sending(len(self.sendings), way, pause_s=pause_s)
            self.sendings.append(sending)
            sender = threading.Thread(target=send, args=(self.served, sending), kwargs={"timeout_s": SENT_WITHIN_S})
            sender.start()
            self._senders.append(sender)

    def rest(self) -> None:
        """Live without a death, and look at what is left."""
        self.live()
        self.problems += wrong_at_rest(self.site, self.sendings)

    def live(self) -> None:
        """Live without a death until everything is answered and processed, and end."""
        self._start({})
        for sender in self._senders:
            sender.join()
        wait_until(self._all_ended, "all jobs have ended", timeout_s=SENT_WITHIN_S)
        code = self.site.stop()
        if code != 0:
            self.problems.append(f"the daemon ended with {code}")
        self.problems += survivors(self.site)

    def _start(self, flags: dict[Aim, Path]) -> None:
        deadly = ";".join(f"{aim.place}=kill@{flag}" for aim, flag in flags.items())
        environment = {**self.site.environment, VARIABLE: deadly, "DROPDUB_WEB__PORT": str(self.served.port)}
        self.site.start("--web", **environment)

    def _flag(self, aim: Aim) -> Path:
        return self.site.root / f"killed-{aim.victim}-{self._lives}"

    def _is_dead(self) -> bool:
        assert self.site.daemon is not None
        return self.site.daemon.poll() is not None

    def _die(self, aim: Aim) -> None:
        """Wait for a death at a place, or kill. Whom its own place does not reach before the end, is killed there."""
        flag = self._flag(aim)
        if not aim.place:
            self._work_for_a_while(aim)
        else:
            wait_until(lambda: flag.exists() or self._is_dead() or self._all_done(), f"{aim} or the end")
        hit = flag.exists()
        if aim.place and not hit:
            self.unreached.append(aim)
        if hit or self._kill(aim.victim):
            self.killed.append(aim if hit else Aim(aim.victim))
        if aim.victim == "daemon":
            assert self.site.daemon is not None
            self.site.daemon.wait(PATIENCE_S)

    def _work_for_a_while(self, aim: Aim) -> None:
        """Let it work for a random time: the moment of the kill is what is tested, so nothing is awaited."""
        time.sleep(self.chance.uniform(0.0, A_WHILE_S[aim.victim]))

    def _kill(self, victim: str) -> bool:
        """Kill the server or the supervisor; return whether it lived."""
        assert self.site.daemon is not None
        if self._is_dead():
            return False
        if victim == "daemon":
            self.site.kill()
            return True
        with suppress(psutil.Error, ValueError):  # it is not there at this moment
            self.served.process().kill()
            return True
        return False

    def _all_done(self) -> bool:
        return all(one.job is not None for one in self.sendings) and self._all_ended()

    def _all_ended(self) -> bool:
        return all(row["state"] in ENDED for row in self.site.rows("SELECT state FROM job"))


def a_chaos(folder: Path, *, seed: int = 1) -> Chaos:
    """Return a fresh root for it; nothing runs yet."""
    site = Site(folder / "root", **LIGHT_DAEMON)
    return Chaos(Served(site), random.Random(seed))


def places_of(chaos: Chaos, way: Way) -> dict[str, list[str]]:
    """Send a file in a life without a death; return the places of `web` and `daemon` that it reaches, in order."""
    trace = chaos.site.root / "trace"
    trace.unlink(missing_ok=True)
    chaos.site.environment = {TRACE_VARIABLE: str(trace)}
    chaos.begin([way])
    chaos.live()
    chaos.site.environment = {}
    reached = places(chaos.site)
    first = next(number for number, place in enumerate(reached) if place.startswith("web.upload.made"))
    last = max(number for number, place in enumerate(reached) if place.startswith("daemon.commit.finish_job"))
    of_upload = list(dict.fromkeys(reached[first : last + 1]))
    return {role: [place for place in of_upload if place.startswith(f"{role}.")] for role in ("web", "daemon")}
