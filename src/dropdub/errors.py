"""Every error Dropdub raises on purpose.

    DropdubError
    ├── UsageError                the request cannot be met as it stands
    │   ├── AmbiguousName         several jobs or files have the name
    │   ├── VoiceInUse            the settings name the voice that is to be removed
    │   └── ConfigError           config.yaml, a sidecar or a profile contains something invalid
    ├── StoreError                the database is damaged, newer than this program, or in an unsafe place
    │   └── StoreUnavailable      it is in use by another program, or its disk is full: this may pass
    ├── RootLocked                another daemon is working on this root
    ├── ServiceError              the system's service manager refuses, or there is none
    ├── TransitionRefused         the row is not in the expected state, or does not have the expected token
    ├── Waiting                   cannot continue now; continues automatically once the condition has passed
    │   └── EngineNotInstalled    an engine's packages are not installed yet
    ├── PermanentError            a retry would fail the same way
    │   ├── EmptyFile, UnreadableFile, NotAFile, NotMedia, NoAudio, NotText, TooLong, TooLarge
    │   ├── TooSlow, UnsupportedCodec
    │   ├── EngineMissing, UnsupportedLanguage, VoiceMissing, BadSidecar, OutRefused
    │   ├── DownloadRefused, ModelIncomplete
    │   ├── HookFailed            the user's own program that runs when a job ends
    │   └── InterruptedTooOften
    └── TransientError            a retry may succeed
        ├── WorkerDied
        │   └── OutOfMemory
        ├── DeadlineExceeded
        │   └── Stalled
        ├── DiskFull, AccessDenied
        ├── DownloadFailed
        │   └── WrongContent          a downloaded file is not the one that is known
        ├── MediaToolFailed
        ├── EngineFailed          an engine of another package crashed or broke its protocol
        ├── NotDelivered          a notification that a job has ended
        ├── FreshWorkerNeeded     a library that this worker has loaded is in the way; a new worker can do it
        └── UnexpectedError       wraps any other exception

Each error has a message (what is wrong, with which file) and a remedy (what to do now). A command in a remedy is
marked, as `dropdub retry JOB`: see `dropdub.pasting`. Errors go from a worker to the supervisor as dictionaries: see
`to_dict` and `from_dict`.
"""

from __future__ import annotations

from typing import Any, ClassVar

_LONGEST_QUOTE = 500
"""Characters of a library's message to quote: some libraries repeat their whole input."""


_ENDS = (".", "!", "?", ":", "…")


class DropdubError(Exception):
    """Base class of all errors that Dropdub raises on purpose."""

    permanent: ClassVar[bool] = True
    usual_remedy: ClassVar[str] = ""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = storable(message)
        self.remedy = storable(self.usual_remedy if remedy is None else remedy)

    @property
    def sentence(self) -> str:
        """Return message and remedy as one text, with its commands still marked."""
        return with_remedy(self.message, self.remedy)

    def to_dict(self) -> dict[str, Any]:
        """Return a dictionary from which another process can rebuild this error."""
        return {"class": type(self).__name__, "message": self.message, "remedy": self.remedy}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> DropdubError:
        """Rebuild an error from the result of `to_dict`; an unknown class becomes `UnexpectedError`."""
        classes = {leaf.__name__: leaf for leaf in every_error()}
        found = classes.get(str(data.get("class")), UnexpectedError)
        error = found.__new__(found)
        DropdubError.__init__(error, str(data.get("message", "")), remedy=str(data.get("remedy", "")))
        if isinstance(error, Waiting):
            error.condition = str(data.get("condition", ""))
        return error


class UsageError(DropdubError):
    """The request cannot be met as it stands."""


class AmbiguousName(UsageError):
    """Several jobs or files in different folders have the name; the message lists them with what to type instead."""


class VoiceInUse(UsageError):
    """A voice must not be removed: the settings name it. The message says where."""


class ConfigError(UsageError):
    """A configuration file contains something invalid; the message names the file, the line and what is allowed."""


class StoreError(DropdubError):
    """The database cannot be used."""


class StoreOutdated(StoreError):
    """The database has an older schema: the daemon upgrades it at its next start."""


class StoreUnavailable(StoreError):
    """The database cannot be used now, but perhaps later."""


class RootLocked(DropdubError):
    """Another process is working on this root."""


class RootRefused(UsageError):
    """The root must not be used: its database or one of its folders belongs to another root."""


class FolderAway(DropdubError):
    """The database or a folder that was used before is missing: most likely its disk is not mounted."""

    permanent = False


class OriginalKept(DropdubError):
    """A removal was refused because it could have deleted the only copy of an original."""


class ServiceError(DropdubError):
    """The system's service manager refuses, or there is none."""


class TransitionRefused(DropdubError):
    """The row is not in the state that the transition starts from, or does not have the expected token."""


class Waiting(DropdubError):
    """Cannot continue now. `condition` names what it waits for: `disk`, `memory`, `model`, `engine`, …"""

    permanent = False

    def __init__(self, message: str, *, condition: str, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.condition = condition

    def to_dict(self) -> dict[str, Any]:
        return {**super().to_dict(), "condition": self.condition}


class EngineNotInstalled(Waiting):
    """The packages of one of Dropdub's own engines are not installed: work continues once they are."""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message, condition="engine", remedy=remedy)


class PermanentError(DropdubError):
    """A retry would fail the same way."""


class EmptyFile(PermanentError):
    usual_remedy = "Copy the file again, and check that the original is not empty."


class UnreadableFile(PermanentError):
    usual_remedy = "Give the account that runs Dropdub the right to read it, then run: `dropdub retry JOB`."


class NotAFile(PermanentError):
    usual_remedy = "Drop the file itself, not a link, a pipe or a device."


class NotMedia(PermanentError):
    usual_remedy = "Play the file in a media player. If it does not play, get an intact copy and drop it again."


class NoAudio(PermanentError):
    usual_remedy = "Drop a recording with sound."


class NotText(PermanentError):
    usual_remedy = "Save it as plain text in UTF-8 and drop it again."


class UnsupportedCodec(PermanentError):
    usual_remedy = "Convert it with another program, such as HandBrake or Audacity, and drop the result."


class TooLong(PermanentError):
    usual_remedy = "Shorten it, or raise limits.max_duration in config.yaml, then run: `dropdub retry JOB`."


class TooLarge(PermanentError):
    usual_remedy = "Make it smaller, or raise limits.max_size in config.yaml, then run: `dropdub retry JOB`."


class TooSlow(PermanentError):
    """Reading the file takes longer than any real file should. The file is the cause, so a retry would not help."""

    usual_remedy = (
        "It may be damaged, or crafted to slow other jobs down: save a new copy and drop that. If the machine is just "
        "slow, raise deadlines.factor in config.yaml, then run: `dropdub retry JOB`."
    )


class EngineMissing(PermanentError):
    usual_remedy = (
        "Install the engine, or choose another, in config.yaml or in the file's .job.yaml, then run: "
        "`dropdub retry JOB`."
    )


class UnsupportedLanguage(PermanentError):
    usual_remedy = (
        "Choose another language or another engine, in config.yaml or in the file's .job.yaml, then run: "
        "`dropdub retry JOB`."
    )


class VoiceMissing(PermanentError):
    usual_remedy = (
        "Put the voice's recording into voices/, or choose another voice, in config.yaml or in the file's .job.yaml. "
        "To list the voices: `dropdub voices list`. Then run: `dropdub retry JOB`."
    )


class BadSidecar(PermanentError):
    usual_remedy = "Correct the .job.yaml file next to it, then run: `dropdub retry JOB`."


class DownloadRefused(PermanentError):
    usual_remedy = "Check models.mirror in config.yaml, or choose another model."


class ModelIncomplete(PermanentError):
    usual_remedy = "Download it again: `dropdub models pull`."


class OutRefused(PermanentError):
    """The folder that a job names for its results exists, but the account or the service may not write to it."""

    usual_remedy = (
        "Remove `out` and collect the results from the outbox. Or give the account that runs Dropdub the right to "
        "write there; for a service installed with --boot, also name the folder in config.yaml (job.out, or a "
        "profile's out) and install the service again. Then run: `dropdub retry JOB`."
    )


class InterruptedTooOften(PermanentError):
    usual_remedy = "The file itself may be crashing Dropdub. To try once more: `dropdub retry JOB`."


class HookFailed(PermanentError):
    usual_remedy = "Correct notify.on_success or notify.on_failure in config.yaml. To see its output: `dropdub logs`."


class TransientError(DropdubError):
    """A retry may succeed."""

    permanent = False


class WorkerDied(TransientError):
    usual_remedy = "If it happens again, look at the log: `dropdub logs`."


class OutOfMemory(WorkerDied):
    usual_remedy = "Close other programs, or choose a smaller model in config.yaml."


def more_time(setting: str, number: float) -> str:
    """Return the advice to raise a setting of `deadlines`, with the line for config.yaml."""
    return (
        f"If the machine is just slow or busy, raise deadlines.{setting} in config.yaml, with this line: "
        f"deadlines: {{{setting}: {number:g}}}. Then run: `dropdub retry JOB`."
    )


class DeadlineExceeded(TransientError):
    usual_remedy = more_time("factor", 4)


class Stalled(DeadlineExceeded):
    """A worker that neither sends messages nor computes."""

    usual_remedy = more_time("stall", 240)


class DiskFull(TransientError):
    usual_remedy = "Free some disk space."


class AccessDenied(TransientError):
    usual_remedy = "Give the account that runs Dropdub the right to read and write there."


class DownloadFailed(TransientError):
    usual_remedy = "To resume the download: `dropdub models pull`."


class WrongContent(DownloadFailed):
    """A file is not the one that the catalogue, an earlier download or the server's own list describes."""

    usual_remedy = (
        "It was discarded. Try again later, or download it from elsewhere: `dropdub models pull --from SOURCE`."
    )


class MediaToolFailed(TransientError):
    usual_remedy = "If it happens again, look at the log: `dropdub logs`."


class EngineFailed(TransientError):
    """An engine of another package raised an error, or returned what its protocol does not allow."""

    usual_remedy = (
        "It will be retried. If it happens again, report it to the authors of that package, with the output of: "
        "`dropdub logs`, or choose another engine in config.yaml."
    )


class NotDelivered(TransientError):
    usual_remedy = "It will be sent again. Check that the receiver is running, and check notify.webhook in config.yaml."


class FreshWorkerNeeded(TransientError):
    """The step has not started: this process has loaded a library that conflicts with those the step needs."""

    usual_remedy = "It will be retried in a new worker."


class UnexpectedError(TransientError):
    usual_remedy = "This is a bug in Dropdub. Please report it, with the output of: `dropdub logs`."


def unforeseen(error: BaseException) -> UnexpectedError:
    """Wrap any other exception in an `UnexpectedError`."""
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:  # the `__str__` of some exceptions raises
        text = type(error).__name__
    return UnexpectedError(f"Unexpected error: {text[:_LONGEST_QUOTE]}.")


def with_remedy(message: str, remedy: str) -> str:
    """Return what is wrong and what to do as one text. A list of mistakes ends without a full stop."""
    if not remedy:
        return message
    return f"{message}{'' if message.endswith(_ENDS) else '.'} {remedy}".strip()


def storable(text: str) -> str:
    """Return text that can be stored and sent: libraries' messages may contain lone surrogates and null characters."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")


def every_error() -> list[type[DropdubError]]:
    """Return every class of the tree, the root first."""
    found: list[type[DropdubError]] = [DropdubError]
    for parent in found:
        found.extend(parent.__subclasses__())
    return found
