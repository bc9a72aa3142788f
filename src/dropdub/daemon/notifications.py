"""Job-completion notifications: one delivery thread per configured channel."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from dropdub import process
from dropdub.daemon.context import Context
from dropdub.daemon.courier import Courier
from dropdub.daemon.logs import note
from dropdub.errors import HookFailed
from dropdub.notify import placeholders
from dropdub.notify.hook import run_hook
from dropdub.notify.routing import command_for, open_channels
from dropdub.notify.webhook import post
from dropdub.notify.wording import text_of
from dropdub.pasting import pasteable_fields
from dropdub.process.language import language_without_browser
from dropdub.store import transitions
from dropdub.store.tables import Notice
from dropdub.translations.words import words_in

KEPT_S = 7 * 86_400.0
"""How long an ended notification is kept, so that a missing delivery can be investigated."""
STOP_GRACE_S = 1.5


class Notifier:
    """Delivers this root's notifications, including those left by earlier runs."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._settings = context.config.notify
        self._stopping = threading.Event()
        senders = {"webhook": self._post, "command": self._run}
        self._couriers = [
            Courier(context.store, channel, senders[channel], give_up_after_s=self._settings.give_up_after)
            for channel in open_channels(self._settings)
        ]

    def start(self) -> None:
        transitions.tidy_notices(self._context.store, ended_before=time.time() - KEPT_S)
        for courier in self._couriers:
            courier.start()

    def wake(self) -> None:
        """Check for notifications, because a job has ended."""
        for courier in self._couriers:
            courier.wake()

    def stop(self) -> None:
        """Stop the couriers within `STOP_GRACE_S`; a running command is killed, and run again after the next start."""
        self._stopping.set()
        for courier in self._couriers:
            courier.request_stop()
        ends_at = time.monotonic() + STOP_GRACE_S
        for courier in self._couriers:
            courier.join(max(0.0, ends_at - time.monotonic()))

    @property
    def idle(self) -> bool:
        return all(courier.idle() for courier in self._couriers)

    @property
    def notes(self) -> list[str]:
        """Return warnings for the administrator: channels whose deliveries fail."""
        return [courier.trouble for courier in self._couriers if courier.trouble is not None]

    def _post(self, notice: Notice) -> None:
        post(self._settings.webhook, self._message(notice), id_=notice.id)

    def _message(self, notice: Notice) -> dict[str, Any]:
        """Return what is delivered: the commands in it name the root, since the reader may be anywhere.

        `text` is written when it is delivered, in the language that is set then.
        """
        job = pasteable_fields(notice.payload["data"], root=self._context.root.path, job=notice.job_id)
        words = words_in(language_without_browser(self._context.config.web.language))
        return {**notice.payload, "id": notice.id, "text": text_of(job, words), "data": job}

    def _variables(self) -> dict[str, str]:
        return process.child_environment((*process.DESKTOP, *self._settings.environment))

    def _run(self, notice: Notice) -> None:
        message = self._message(notice)
        known = placeholders.facts_of(message)
        command = command_for(self._settings, known["state"])
        if not command:
            raise HookFailed(f"No command is configured any more for jobs that have {known['state']}.")
        root = self._context.root
        run_hook(
            placeholders.arguments(command, known),
            environment=placeholders.environment(known, self._variables(), root=str(root.path), notice=notice.id),
            message=json.dumps(message).encode(),
            lock_path=root.run_dir / f"hook-{notice.id}.lock",
            deadline_s=self._settings.command_deadline,
            stopping=self._stopping,
            on_line=lambda line: note("hook output", job=notice.job_id, text=line),
        )
