"""Every error Dropdub raises on purpose.

    DropdubError
    ├── UsageError                what was asked cannot be done as asked
    │   └── ConfigError           config.yaml, a sidecar or a profile says something impossible
    ├── StoreError                the database is damaged, newer than this program, or unsafe where it lies
    │   └── StoreUnavailable      it is in use by another program, or its disk is full: that may pass
    ├── RootLocked                another daemon works on this root
    ├── ServiceError              the system's service manager refuses, or there is none
    ├── TransitionRefused         the row was not in the state, or did not carry the token, that was named
    ├── Waiting                   cannot go on now, and goes on by itself once the condition has passed
    │   └── EngineNotInstalled    the packages of an engine are not here yet
    ├── PermanentError            trying again would end the same way
    │   ├── EmptyFile, UnreadableFile, NotAFile, NotMedia, NoAudio, NotText, TooLong, TooLarge
    │   ├── TooSlow, UnsupportedCodec
    │   ├── EngineMissing, UnsupportedLanguage, VoiceMissing, BadSidecar, OutRefused
    │   ├── DownloadRefused, ModelIncomplete
    │   ├── HookFailed            a person's own program that is run at a job's end
    │   └── InterruptedTooOften
    └── TransientError            trying again may end better
        ├── WorkerDied
        │   └── OutOfMemory
        ├── DeadlineExceeded
        │   └── Stalled
        ├── DiskFull, AccessDenied, DownloadFailed
        ├── MediaToolFailed
        ├── NotDelivered          a notice of a job's end
        ├── FreshWorkerNeeded     what the worker has loaded stands in the way: a new one can do it
        └── UnexpectedError       an exception nobody foresaw, wrapped

A leaf carries a message (what is wrong, with which file) and a remedy (what to do now). Errors cross from a
worker to the supervisor as a dictionary: see `to_dict` and `from_dict`.
"""

from __future__ import annotations

from typing import Any, ClassVar

_LONGEST_TOLD = 500
"""Characters of a library's own words: some quote all that they were given."""


class DropdubError(Exception):
    """Base of all errors raised on purpose."""

    permanent: ClassVar[bool] = True
    usual_remedy: ClassVar[str] = ""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = storable(message)
        self.remedy = storable(self.usual_remedy if remedy is None else remedy)

    @property
    def sentence(self) -> str:
        """Return message and remedy as one text for a person."""
        return f"{self.message} {self.remedy}".strip()

    def to_dict(self) -> dict[str, Any]:
        """Return what another process needs to raise the same error."""
        return {"class": type(self).__name__, "message": self.message, "remedy": self.remedy}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> DropdubError:
        """Rebuild an error that `to_dict` described; an unknown class becomes `UnexpectedError`."""
        classes = {leaf.__name__: leaf for leaf in every_error()}
        found = classes.get(str(data.get("class")), UnexpectedError)
        error = found.__new__(found)
        DropdubError.__init__(error, str(data.get("message", "")), remedy=str(data.get("remedy", "")))
        if isinstance(error, Waiting):
            error.condition = str(data.get("condition", ""))
        return error


class UsageError(DropdubError):
    """What was asked cannot be done as asked."""


class ConfigError(UsageError):
    """A configuration file says something impossible; the message names file, line and what is allowed."""


class StoreError(DropdubError):
    """The database cannot be used."""


class StoreOutdated(StoreError):
    """The database is of an earlier version: the daemon's next start upgrades it."""


class StoreUnavailable(StoreError):
    """The database cannot be used now, and may be used later."""


class RootLocked(DropdubError):
    """Another process works on this root."""


class RootRefused(UsageError):
    """A root that must not be worked on: its database or one of its folders is that of another root."""


class FolderAway(DropdubError):
    """The database or a folder is not there, although it was used before: its disk is not mounted, most likely."""

    permanent = False


class OriginalKept(DropdubError):
    """A removal that was refused, because it could have removed the only copy of an original."""


class ServiceError(DropdubError):
    """What starts programs on this system refuses, or is not there."""


class TransitionRefused(DropdubError):
    """The row was not in the state, or did not carry the token, that the transition starts from."""


class Waiting(DropdubError):
    """Cannot go on now. `condition` names what is waited for: disk, memory, outbox, model, engine, paused."""

    permanent = False

    def __init__(self, message: str, *, condition: str, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.condition = condition

    def to_dict(self) -> dict[str, Any]:
        return {**super().to_dict(), "condition": self.condition}


class EngineNotInstalled(Waiting):
    """An engine that Dropdub brings, whose packages are not installed: work continues once they are."""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message, condition="engine", remedy=remedy)


class PermanentError(DropdubError):
    """Trying again would end the same way."""


class EmptyFile(PermanentError):
    usual_remedy = "Copy it again: the file has no content."


class UnreadableFile(PermanentError):
    usual_remedy = "Give the account that runs Dropdub the right to read it, then: `dropdub retry JOB`."


class NotAFile(PermanentError):
    usual_remedy = "Drop the file itself, not a link, a pipe or a device."


class NotMedia(PermanentError):
    usual_remedy = "Play the file in a media player; if it does not play there, get a whole copy and drop it again."


class NoAudio(PermanentError):
    usual_remedy = "Drop a recording that has a sound track."


class NotText(PermanentError):
    usual_remedy = "Save it as plain text in UTF-8 and drop it again."


class UnsupportedCodec(PermanentError):
    usual_remedy = "Convert it with another program, such as HandBrake or Audacity, and drop that."


class TooLong(PermanentError):
    usual_remedy = "Cut it, or raise limits.max_duration in config.yaml, then: `dropdub retry JOB`."


class TooLarge(PermanentError):
    usual_remedy = "Cut it, or raise limits.max_size in config.yaml, then: `dropdub retry JOB`."


class TooSlow(PermanentError):
    """A file that takes longer to look at than any that people make: its own fault, and the same at the next try."""

    usual_remedy = (
        "It may be damaged, or made to hold others up: save it once more, and drop that. If the machine is merely "
        "slow, raise deadlines.factor in config.yaml, then: `dropdub retry JOB`."
    )


class EngineMissing(PermanentError):
    usual_remedy = "Install the engine, or choose another in config.yaml, then: `dropdub retry JOB`."


class UnsupportedLanguage(PermanentError):
    usual_remedy = "Choose another language or another engine in config.yaml, then: `dropdub retry JOB`."


class VoiceMissing(PermanentError):
    usual_remedy = "Put the voice's recording into voices/, or choose another voice, then: `dropdub retry JOB`."


class BadSidecar(PermanentError):
    usual_remedy = "Correct the .job.yaml file beside it, then: `dropdub retry JOB`."


class DownloadRefused(PermanentError):
    usual_remedy = "Check models.mirror in config.yaml, or choose another model."


class ModelIncomplete(PermanentError):
    usual_remedy = "Get it again with: `dropdub models pull`."


class OutRefused(PermanentError):
    """The folder that a job wants its results in is there, and forbidden to the account or the service."""

    usual_remedy = (
        "Leave out `out`, and take the results from the outbox. Or give the account that runs Dropdub the right to "
        "write there; for a service installed with --boot name the folder in config.yaml, too (job.out, or a profile's "
        "out), and install it again. Then: `dropdub retry JOB`."
    )


class InterruptedTooOften(PermanentError):
    usual_remedy = "It may be what stops the program: try it alone with: `dropdub retry JOB`."


class HookFailed(PermanentError):
    usual_remedy = "Correct notify.on_success or notify.on_failure in config.yaml; what it says is in: `dropdub logs`."


class TransientError(DropdubError):
    """Trying again may end better."""

    permanent = False


class WorkerDied(TransientError):
    usual_remedy = "If it happens again, see: `dropdub logs`."


class OutOfMemory(WorkerDied):
    usual_remedy = "Close other programs, or choose a smaller model in config.yaml."


class DeadlineExceeded(TransientError):
    usual_remedy = "If the machine is merely slow, raise deadlines.factor in config.yaml."


class Stalled(DeadlineExceeded):
    usual_remedy = "If it happens again, see: `dropdub logs`."


class DiskFull(TransientError):
    usual_remedy = "Free some disk space."


class AccessDenied(TransientError):
    usual_remedy = "Give the account that runs Dropdub the right to read and write there."


class DownloadFailed(TransientError):
    usual_remedy = "Try again with: `dropdub models pull`. It goes on where it stopped."


class MediaToolFailed(TransientError):
    usual_remedy = "If it happens again, see: `dropdub logs`."


class NotDelivered(TransientError):
    usual_remedy = "It is tried again; see that the receiver runs, and notify.webhook in config.yaml."


class FreshWorkerNeeded(TransientError):
    """The step has not begun: this process has loaded what must not meet what the step needs."""

    usual_remedy = "It is tried again in a new worker."


class UnexpectedError(TransientError):
    usual_remedy = "This is a defect of Dropdub: please report it with the output of: `dropdub logs`."


def unforeseen(error: BaseException) -> UnexpectedError:
    """Return the error of ours for an exception that nobody foresaw."""
    try:
        told = f"{type(error).__name__}: {error}"
    except Exception:  # some cannot even say what they are
        told = type(error).__name__
    return UnexpectedError(f"Unforeseen error: {told[:_LONGEST_TOLD]}.")


def storable(text: str) -> str:
    """Return a text that can be stored and sent: what libraries say may hold halves of characters, and zeros."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")


def every_error() -> list[type[DropdubError]]:
    """Return each class of the tree, root first."""
    found: list[type[DropdubError]] = [DropdubError]
    for parent in found:
        found.extend(parent.__subclasses__())
    return found
