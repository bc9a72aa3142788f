"""What pages call states, stages and actions. The names are messages of the catalogues."""

from __future__ import annotations

from collections.abc import Mapping

from dropdub.store.states import ENDED, JobState
from dropdub.store.transitions import Action
from dropdub.translations import mark as _
from dropdub.web.jobs.shapes import Job

STATES: Mapping[str, str] = {
    JobState.CLAIMING: _("being taken in"),
    JobState.QUEUED: _("queued"),
    JobState.RUNNING: _("running"),
    JobState.WAITING: _("waiting"),
    JobState.SUCCEEDED: _("succeeded"),
    JobState.FAILED: _("failed"),
    JobState.CANCELLED: _("cancelled"),
}
SIGNS: Mapping[str, str] = {
    JobState.CLAIMING: "…",
    JobState.QUEUED: "…",
    JobState.RUNNING: "▶",
    JobState.WAITING: "‖",
    JobState.SUCCEEDED: "✓",
    JobState.FAILED: "✗",
    JobState.CANCELLED: "∅",
}
"""Beside the word, so that a list can be read at a glance; never instead of it."""
ACTIONS: Mapping[str, str] = {
    Action.CANCEL: _("Cancel"),
    Action.RETRY: _("Retry"),
    Action.PAUSE: _("Pause"),
    Action.RESUME: _("Resume"),
}
PRESENCES: Mapping[str, str] = {
    "not here": _("not downloaded"),
    "begun": _("partial"),
    "here": _("complete"),
    "by hand": _("copied by hand"),
    "not whole": _("incomplete"),
    "damaged": _("damaged"),
}
"""How much there is of a model, by the values of `dropdub models list --json`."""
COMMERCIAL: Mapping[str, str] = {
    "yes": _("commercial use allowed"),
    "no": _("no commercial use"),
    "ask": _("commercial use: find out first"),
}
"""What the licence of a model allows, by the values of `dropdub models list --json`."""
SOURCES: Mapping[str, str] = {
    "default": _("default"),
    "file": _("config.yaml"),
    "environment": _("environment"),
}
"""Where a setting comes from, by the values of `config.origins.Source`."""
VERDICTS: Mapping[str, str] = {"ok": _("OK"), "warning": _("warning"), "problem": _("problem")}
"""The states of what `dropdub doctor` finds."""
POOLS: Mapping[str, str] = {
    "media": _("Media"),
    "transcribe": _("Transcribing"),
    "translate": _("Translating"),
    "synthesize": _("Speaking"),
}
STAGES: Mapping[str, str] = {
    "probe": _("Looking at the file"),
    "extract": _("Extracting the sound"),
    "split": _("Finding the pauses"),
    "detect": _("Detecting the language"),
    "transcribe": _("Transcribing"),
    "diarize": _("Distinguishing the speakers"),
    "merge": _("Putting the transcript together"),
    "translate": _("Translating"),
    "synthesize": _("Speaking"),
    "hear": _("Verifying what was spoken"),
    "mix": _("Mixing the sound"),
    "mux": _("Putting the film together"),
    "book": _("Putting the audiobook together"),
    "compare": _("Comparing the voices"),
    "publish": _("Writing the files"),
    "say": _("Speaking"),
    "dictate": _("Transcribing"),
    "interpret": _("Translating"),
    "enroll": _("Making the voice"),
    "prepare": _("Preparing the voice"),
    "separate": _("Removing the voices"),
}
"""What is being done, by the stages of `stage_table`."""
RUNS: Mapping[str, str] = {
    "running": _("running"),
    "stopped": _("was stopped"),
    "gone": _("died"),
    "silent": _("has not reported for a while"),
}
"""The states of a run of the daemon."""

DONE_TO_LINES: Mapping[str, str] = {
    "original": _("original"),
    "clean": _("as spoken"),
    "unverified": _("as spoken, words not verified"),
    "sped": _("sped up"),
    "slowed": _("slowed down"),
    "overlap": _("runs into the next line"),
    "unclear": _("may be unintelligible"),
    "shortened": _("shorter wording"),
    "retaken": _("spoken again"),
    "suspect": _("probably not said"),
}
"""What the timeline calls lines, by what was done to them."""


def possible_actions(job: Job) -> list[tuple[str, str]]:
    """Return the actions that a job's state allows, with their names."""
    if job.state in (JobState.FAILED, JobState.CANCELLED):
        possible = [Action.RETRY]
    elif job.state in ENDED:
        possible = []
    elif job.state == JobState.WAITING:
        possible = [Action.RESUME if job.reason == "Paused." else Action.PAUSE, Action.CANCEL]
    else:
        possible = [Action.PAUSE, Action.CANCEL]
    return [(str(action), ACTIONS[action]) for action in possible]
