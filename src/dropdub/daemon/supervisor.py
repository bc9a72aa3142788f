"""The process that watches the inbox, schedules steps, enforces deadlines and recovers after crashes."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping

from dropdub import awake
from dropdub.daemon.context import Context, job_id, settings_watch
from dropdub.daemon.engine_descriptions import EngineDescriptions
from dropdub.daemon.finish.answers import Answers
from dropdub.daemon.finish.finishing import Endings
from dropdub.daemon.intake.intake import Intake
from dropdub.daemon.logs import note
from dropdub.daemon.metrics import RunMetrics
from dropdub.daemon.monitor.monitors import Monitors
from dropdub.daemon.mover import Mover
from dropdub.daemon.notifications import Notifier
from dropdub.daemon.start.backups import Backups
from dropdub.daemon.start.recovery import recover
from dropdub.daemon.start.rescue import rescue_sentences
from dropdub.daemon.steps.outcomes import Outcomes
from dropdub.daemon.steps.scheduler import Scheduler
from dropdub.daemon.steps.waiting import Conditions
from dropdub.daemon.web_server import WebServer
from dropdub.errors import TransitionRefused
from dropdub.pool.pool import Completed, PieceMade, Pool, StepFailed
from dropdub.process import notify_service_manager
from dropdub.store import queries, transitions
from dropdub.store.changes import Changes
from dropdub.store.states import Outcome

LONGEST_TURN_S = 0.5
"""Longest sleep of the loop: commands from other processes are seen within this time."""
LOOK_EVERY_S = 0.1
"""Shortest interval between checks of inbox, commands and ended jobs, however fast workers report."""
LONGEST_PAUSE_S = 10.0
"""Longest interval between such checks if nothing calls for one: no change in the database, no event, nothing due.
Only a safeguard, since what they cost is most of what an idle daemon costs."""
BEAT_S = 2.0
"""Interval of heartbeats while steps make progress, or the notes change."""
QUIET_BEAT_S = 10.0
"""The same while nothing changes: a third of the time after which `dropdub status` calls a daemon gone, and a twelfth
of that after which systemd kills it."""
POOL_GRACE_S = 1.5
MOVER_GRACE_S = 2.0


class Supervisor:
    """Runs one root. `run` returns once `until` returns True or `stop` has been called."""

    def __init__(
        self,
        context: Context,
        pools: Mapping[str, Pool],
        wake: threading.Event,
        *,
        watch: bool,
        warm: Collection[str] = (),
    ) -> None:
        """`warm`: the pools whose workers start before a step needs them."""
        self._context = context
        self._pools = pools
        self._wake = wake
        self._watch = watch
        self._to_warm = warm
        self._stopping = False
        self._paused = True  # until the first check reads the actual state
        self._woken = False
        self._startup_notes: list[str] = []
        self._clocks = awake.read()
        self._next_look = self._look_by = 0.0
        self._next_beat = self._beat_by = 0.0
        self._said: tuple[list[str], dict[int, float]] | None = None
        self._changes = Changes(context.store.file)
        self._mover = Mover(wake.set)
        self._scheduler = Scheduler(context, pools)
        self._conditions = Conditions(context, lambda job_id: bool(self._scheduler.of_job(job_id)))
        self._metrics = RunMetrics(context, lambda: self.endings.counts)
        self._outcomes = Outcomes(context, self._scheduler, self._metrics.step_ended)
        self.endings = Endings(context, self._mover, self._scheduler, self._outcomes)
        self._intake = Intake(context, self._mover, self.endings, wake.set)
        self._notifier = Notifier(context)
        self._backups = Backups(context.store.file, context.root.backups_dir)
        self._settings = settings_watch(context)
        self._answers = Answers(context)
        self._engines = EngineDescriptions(context)
        self._web = WebServer(context, wake.set)
        self._monitors = Monitors(context, wake.set)
        self._news: set[int] = set()
        """The jobs that have changed since the last report to the web server."""

    def stop(self) -> None:
        """Ask the loop to end; safe to call from a signal handler."""
        self._stopping = True
        self._wake.set()

    @property
    def stopped(self) -> bool:
        return self._stopping

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Recover, then work until `until` returns True or `stop` is called."""
        try:
            self._startup_notes = [
                *self._context.notes,
                *rescue_sentences(recover(self._context, self._outcomes, self.endings)),
            ]
            for sentence in self._startup_notes:
                self._context.report(sentence)
                note("startup warning", level=logging.WARNING, text=sentence)
            self._notifier.start()
            self._metrics.start()
            if self._watch:
                self._intake.start()
            notify_service_manager("READY=1")
            self._warm(time.monotonic())
            while not self._stopping and not (self._turn() and until()):
                self._sleep()
        finally:
            self._shut_down()

    def _turn(self) -> bool:
        """Do one turn; return whether the run may have come to its end."""
        try:
            return self.tick(time.monotonic())
        except TransitionRefused as error:  # a command changed the row first: the next turn reads it again
            note("row changed meanwhile", level=logging.WARNING, text=error.message)
            self._look_by = 0.0
            return True

    def tick(self, now: float) -> bool:
        """Do one turn (`now`: monotonic seconds); return whether it looked at the database.

        Worker events are handled immediately, everything else a few times a second, and only if something calls for
        it. Workers are also served between slow tasks, so none waits for its next step while thousands of files arrive.
        """
        is_free, is_nudged = self._collect(now), self._web.tick(now)
        if is_free or is_nudged:
            self._dispatch()
        self._check_clock(now)
        self._update_conditions(now)
        self._backups.tick(now)
        if self._watch:
            if self._settings.tick(now):
                self._web.settings_changed()
            self._engines.tick(now)
            self._monitors.tick(now)
        looks = now >= self._next_look and self._is_look_due(now)
        if looks:
            self._next_look = now + LOOK_EVERY_S
            self._woken = False
            self._look(now)
            self._collect(now)
            self._dispatch()
            self._look_by = self._next_due(now)
        if self._watch:
            self._intake.record_burst()
            self._answers.tick(now)
        self._beat(now)
        return looks

    def _is_look_due(self, now: float) -> bool:
        # Asked first in any case: what was committed until now is what this look will see.
        return self._changes.happened() or self._woken or now >= self._look_by

    def _next_due(self, now: float) -> float:
        """Return when the next look is due even if nothing happens until then (monotonic seconds)."""
        due = [now + LONGEST_PAUSE_S, self.endings.next_due(now), self._intake.retry_due(now)]
        if self._watch:
            due.append(self._intake.next_due(now))
        retry_at = queries.next_retry(self._context.store, time.time())
        return min(due if retry_at is None else [*due, now + retry_at - time.time()])

    def _dispatch(self) -> None:
        """Give free workers their next steps."""
        if not self._paused and self._conditions.obstacle is None:
            self._scheduler.dispatch(self._outcomes.handle_error)

    def _look(self, now: float) -> None:
        self._read_commands()
        if self._watch:
            had_files = self._intake.has_files
            self._intake.tick(now)
            if self._intake.has_files and not had_files:
                self._warm(now)  # workers that ended while there was nothing to do start while the files settle
        else:
            self._intake.take_claimed(now)
        self._take_moves(now)
        self.endings.tick(now)

    def _update_conditions(self, now: float) -> None:
        was_on_hold = self._conditions.obstacle is not None
        self._conditions.update(now)
        if was_on_hold != (self._conditions.obstacle is not None):
            self._look_by = 0.0

    def idle(self) -> bool:
        """Return whether no work is left that could proceed soon without a person."""
        at_rest = self._intake.idle and self._mover.idle and self._notifier.idle and self._monitors.idle
        return at_rest and (self._paused or not queries.open_work(self._context.store))

    def ended(self, job_ids: frozenset[int]) -> bool:
        """Return whether all of these jobs have ended."""
        left = any(job_id(job) in job_ids for job in queries.unfinished_jobs(self._context.store))
        return not left and self._notifier.idle

    def _sleep(self) -> None:
        now = time.monotonic()
        due = [max(self._next_look, now if self._woken else min(now + LONGEST_TURN_S, self._look_by))]
        if self._watch:
            due.append(self._intake.next_due(now))
        due += [deadline for pool in self._pools.values() if (deadline := pool.next_deadline()) is not None]
        if self._wake.wait(max(0.01, min(due) - now)):
            self._wake.clear()  # not after a time-out: what is set just then must not be lost
            self._woken = True

    def _warm(self, now: float) -> None:
        for name in self._to_warm:
            self._pools[name].warm(now)

    def _read_commands(self) -> None:
        asked = queries.requests(self._context.store)
        self._paused = self._watch and transitions.PAUSED in asked
        self._stopping = self._stopping or transitions.STOP in asked

    def _check_clock(self, now: float) -> None:
        """Cap retry times after a clock change, because they are stored as clock times; rescan the inbox after suspend.

        The pools extend their steps' deadlines by the time spent suspended.
        """
        reading = awake.read()
        passage = awake.between(self._clocks, reading)
        self._clocks = reading
        if passage.set_s:
            note("clock was set", seconds=round(passage.set_s))
            transitions.cap_schedule(self._context.store, latest=reading.wall + self._context.config.retry.longest)
            self._look_by = 0.0
        if passage.slept_s:
            note("machine was suspended", seconds=round(passage.slept_s))
            self._intake.look_soon()
            self._next_beat = self._beat_by = self._look_by = now

    def _take_moves(self, now: float) -> None:
        """Handle finished moves, the last moves of jobs first."""
        moves = self._mover.collect()
        for moved in moves:
            if moved.is_ending:
                self.endings.moved(moved, now)
                self._news.add(moved.job_id)
                self._intake.look_soon()  # a subtitle may have waited for this job
                self._notifier.wake()
        self._intake.moved([moved for moved in moves if not moved.is_ending], now)
        self._publish_news()

    def _collect(self, now: float) -> bool:
        """Handle worker events; return whether a worker may have become free."""
        is_free = False
        for pool in self._pools.values():
            for event in pool.tick(now):
                ends = isinstance(event, Completed | StepFailed)
                if ends or isinstance(event, PieceMade):
                    self._news.update(self._scheduler.jobs_of(event.step_id))
                if isinstance(event, PieceMade):
                    self._publish_news()  # it is on the disk: whoever waits for it need not wait for a commit
                self._outcomes.take(event)
                is_free = is_free or ends
        self._publish_news()
        return is_free

    def _publish_news(self) -> None:
        """Report the jobs that have changed to those who wait for them: the web server's clients, the monitors."""
        if self._news:
            self._web.publish(self._news)
            self._monitors.wake()
            self._news.clear()

    def _beat(self, now: float) -> None:
        """Record a heartbeat if one is due, earlier if there is something to report with it."""
        if now < self._next_beat:
            return
        said = (self._notes(), self._scheduler.shares())
        if said == self._said and now < self._beat_by:
            return
        self._said = said
        self._next_beat, self._beat_by = now + BEAT_S, now + QUIET_BEAT_S
        notes, shares = said
        transitions.beat(self._context.store, self._context.run_id, notes=notes, shares=shares, now=time.time())
        self._metrics.beat(time.time())
        notify_service_manager("WATCHDOG=1")

    def _notes(self) -> list[str]:
        """Return the warnings for the administrator."""
        notes = [
            *self._startup_notes,
            *self._settings.notes,
            *self._intake.notes,
            *self.endings.notes,
            *self._notifier.notes,
            *self._metrics.notes,
            *self._backups.notes,
            *self._web.notes,
            *self._monitors.notes,
        ]
        if self._conditions.obstacle is not None:
            notes.append(f"Work is on hold. {self._conditions.obstacle.sentence}")
        return notes

    def _shut_down(self) -> None:
        """Stop the workers, keep the results they finished, requeue the rest."""
        # Not while waiting for an unusable database: the run restarts then, and systemd kills a service that sent this.
        if self._stopping:
            notify_service_manager("STOPPING=1")
        with contextlib.ExitStack() as parts:  # every part is stopped even if another fails; last one first
            parts.callback(self._changes.close)
            parts.callback(self._web.stop)
            parts.callback(self._monitors.stop)
            parts.callback(lambda: self._take_moves(time.monotonic()))
            parts.callback(self._metrics.stop)
            parts.callback(self._backups.stop)
            parts.callback(self._engines.stop)
            parts.callback(self._notifier.stop)
            parts.callback(self._mover.stop, grace_s=MOVER_GRACE_S)
            parts.callback(self._end_pools)
            if self._watch:
                parts.callback(self._intake.stop)

    def _end_pools(self) -> None:
        for pool in self._pools.values():
            pool.request_stop()
        for pool in self._pools.values():
            for event in pool.stop(grace_s=POOL_GRACE_S):
                self._outcomes.take(event)
        for claim in list(self._scheduler.under_way.values()):
            self._outcomes.put_back(claim, Outcome.RELEASED)
