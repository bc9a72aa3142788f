"""The form of a job's options, made from their schema: each with its help, what is allowed, and what is usual."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from dropdub.config import JobOptions
from dropdub.config.template import descriptions
from dropdub.web.answering.errors import ApiError
from dropdub.web.bodies import INVALID
from dropdub.web.pages.option_lines import UnreadableLine, lines_of, table_of

PREFIX = "option."
"""Before the name of an option in the form."""
NONE = "–"
"""What a field shows, and takes, for nothing: an empty field is as usual, which may be something."""
_NOTHING = (NONE, "-")
_BOOLEANS = {"true": True, "false": False}
_LONG = 1_000
"""Characters that a text may have for which one line is not enough."""


def _(message: str) -> str:
    """Mark a message for the catalogues; it is translated when the page is rendered."""
    return message


class Kind(StrEnum):
    """How an option is entered."""

    CHOICE = "choice"
    SEVERAL = "several"
    NUMBER = "number"
    WORDS = "words"
    LINE = "line"
    TEXT = "text"
    LINES = "lines"


@dataclass(frozen=True)
class Option:
    """An option, by its dotted name, with what its schema allows. `step`: 1 if only whole numbers are."""

    name: str
    kind: Kind
    label: str
    help: str
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    step: str = "any"
    longest: int | None = None
    may_be_nothing: bool = False
    """Whether it can be an empty list or table, or null."""
    by_language: bool = False
    """Whether a line of a table may be about one target language."""

    @property
    def separator(self) -> str:
        """Return what stands between its texts in its field."""
        return "\n" if self.kind is Kind.LINES else ", "


@dataclass(frozen=True)
class Group:
    """Options that belong together. `is_open`: they are what most people want to set."""

    title: str
    names: tuple[str, ...]
    is_open: bool = False


LABELS: Mapping[str, str] = {
    "language": _("Language of the recording or text"),
    "targets": _("Translate and dub into"),
    "audio_track": _("Audio track"),
    "voice": _("Voice"),
    "voices": _("Voices of single speakers"),
    "glossary": _("Glossary"),
    "transcriber": _("Transcriber"),
    "translator": _("Translator"),
    "synthesizer": _("Synthesizer"),
    "diarizer": _("Diarizer"),
    "separator": _("Separator"),
    "initial_prompt": _("About the recording"),
    "hotwords": _("Names that occur in it"),
    "cleanup": _("Clean up the transcript"),
    "speakers": _("Speakers"),
    "synthesis.verify": _("Verify the speech"),
    "synthesis.takes": _("Attempts for each line"),
    "mix.original": _("Original sound under the dub"),
    "mix.duck_db": _("Lower it by (dB)"),
    "mix.separate": _("Remove the voices from it"),
    "text.m4b": _("Audiobook"),
    "report": _("Report"),
    "duplicates": _("Content that was processed before"),
    "subtitles.formats": _("Formats"),
    "subtitles.mode": _("Subtitles in the video"),
    "subtitles.line_length": _("Characters per line"),
    "subtitles.lines": _("Lines per subtitle"),
    "subtitles.chars_per_second": _("Characters per second"),
    "subtitles.min_duration": _("Shown at least (seconds)"),
    "subtitles.max_duration": _("Shown at most (seconds)"),
    "subtitles.gap": _("Gap between subtitles (seconds)"),
    "subtitles.speak_descriptions": _("Speak descriptions"),
}
ENGINES = ("transcriber", "translator", "synthesizer", "diarizer", "separator")
"""The options that name an engine: each is a role."""
GROUPS = (
    Group(_("Languages and voice"), ("language", "targets", "voice"), is_open=True),
    Group(_("Voices of speakers, and glossary"), ("voices", "glossary")),
    Group(_("Transcript"), ("initial_prompt", "hotwords", "cleanup", "speakers", "audio_track")),
    Group(_("Dub"), ("synthesis.verify", "synthesis.takes", "mix.original", "mix.duck_db", "mix.separate")),
    Group(
        _("Subtitles"),
        (
            "subtitles.formats", "subtitles.mode", "subtitles.line_length", "subtitles.lines",
            "subtitles.chars_per_second", "subtitles.min_duration", "subtitles.max_duration", "subtitles.gap",
            "subtitles.speak_descriptions",
        ),
    ),
    Group(_("Results"), ("text.m4b", "report", "duplicates")),
    Group(_("Engines"), ENGINES),
)  # fmt: skip
LINES: Mapping[str, str] = {
    "voices": _("Here, a line for each: a name, an equals sign and a voice, such as: João = rui"),
    "glossary": _(
        "Here, a line for each: a word, an equals sign and its translation, such as: meeting = reunião. For one of "
        "several languages: meeting [pt] = reunião"
    ),
}
"""How the lines of tables are written in their fields."""
NOT_IN_FORMS = frozenset(("out",))
"""A request cannot set where results go."""


@cache
def options() -> Mapping[str, Option]:
    """Return all options of the form, by name."""
    schema = JobOptions.model_json_schema()
    return {name: _option(name, found) for name, found in _leaves(schema, schema) if name not in NOT_IN_FORMS}


def entered(form: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the options that a form sets, as a sidecar would: what was left empty is not among them.

    A number that is none stays a text, so that the model says what is wrong with it. Raises ApiError (400) for a line
    of a table that cannot be read.
    """
    found: dict[str, Any] = {}
    for name, option in options().items():
        values = [value.strip() for value in form.get(PREFIX + name, ()) if value.strip()]
        if values:
            _put(found, name, _value(option, values))
    return found


def written(chosen: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the values of the form's fields for options as a sidecar has them."""
    return {name: _texts(value) or [NONE] for name, value in _flat(chosen) if name in options()}


def usual(in_force: JobOptions) -> dict[str, str]:
    """Return what is in force for each option that a form leaves empty, as a person reads it."""
    values = dict(_flat(in_force.model_dump(mode="json")))
    return {name: option.separator.join(_texts(values[name])) or NONE for name, option in options().items()}


def different(made_with: Mapping[str, Any], in_force: JobOptions) -> dict[str, Any]:
    """Return the options of a job that are not those in force now, as a sidecar would set them."""
    now, found = dict(_flat(in_force.model_dump(mode="json"))), dict[str, Any]()
    for name, value in _flat(made_with):
        if name in options() and value != now.get(name):
            _put(found, name, value)
    return found


def _put(found: dict[str, Any], name: str, value: Any) -> None:
    *sections, last = name.split(".")
    for section in sections:
        found = found.setdefault(section, {})
    found[last] = value


def _option(name: str, found: Mapping[str, Any]) -> Option:
    described, label = descriptions().get(f"job.{name}", "").replace("`", ""), LABELS[name]
    least, most = (found.get(one, found.get(other)) for one, other in (("minimum", "ge"), ("maximum", "le")))
    longest = max((one.get("maxLength", 0) for one in (found, *found.get("anyOf", ()))), default=0) or None
    kind, choices = _kind(found, longest)
    return Option(
        name, kind, label, described, choices, least, most,
        step="1" if found.get("type") == "integer" else "any",
        longest=longest,
        may_be_nothing=found.get("type") in ("array", "object")
        or any(one.get("type") == "null" for one in found.get("anyOf", ())),
        by_language=any(one.get("type") == "object" for one in _values_of_table(found).get("anyOf", ())),
    )  # fmt: skip


def _values_of_table(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of the values of a table; an empty one for anything else."""
    values: Mapping[str, Any] = found.get("additionalProperties", {})
    return values


def _kind(found: Mapping[str, Any], longest: int | None) -> tuple[Kind, tuple[str, ...]]:
    one_of = found.get("anyOf", ())
    if "enum" in found:
        return Kind.CHOICE, tuple(found["enum"])
    if found.get("type") == "boolean":
        return Kind.CHOICE, tuple(_BOOLEANS)
    if any(one.get("type") == "boolean" for one in one_of):
        return Kind.CHOICE, (*(one["const"] for one in one_of if "const" in one), *_BOOLEANS)
    if found.get("type") == "array":
        allowed = tuple(found["items"].get("enum", ()))
        return (Kind.SEVERAL, allowed) if allowed else (Kind.WORDS, ())
    if found.get("type") == "object":
        return Kind.LINES, ()
    if found.get("type") in ("integer", "number"):
        return Kind.NUMBER, ()
    return (Kind.TEXT if (longest or 0) >= _LONG else Kind.LINE), ()


def _value(option: Option, values: list[str]) -> Any:
    if option.may_be_nothing and all(value in _NOTHING for value in values):
        return {} if option.kind is Kind.LINES else [] if option.kind in (Kind.SEVERAL, Kind.WORDS) else None
    if option.kind is Kind.SEVERAL:
        return values
    if option.kind is Kind.WORDS:
        return [word for part in ",".join(values).split(",") if (word := part.strip())]
    if option.kind is Kind.LINES:
        return _table(option, "\n".join(values))
    text = values[-1]
    if option.kind is Kind.CHOICE:
        return _BOOLEANS.get(text, text)
    return _number(text) if option.kind is Kind.NUMBER else text


def _table(option: Option, text: str) -> dict[str, Any]:
    try:
        return table_of(text, by_language=option.by_language)
    except UnreadableLine as error:
        raise ApiError(400, f"{option.name}: {error}.", INVALID, option.name) from None


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _texts(value: Any) -> list[str]:
    """Return a value as the texts of a field."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        return list(lines_of(value))
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    if isinstance(value, bool):
        return [str(value).lower()]
    return [f"{value:.4g}" if isinstance(value, float) else str(value)]


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and f"{before}{name}" not in options():
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _leaves(schema: Mapping[str, Any], at: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted name and the schema of each option."""
    for name, found in at["properties"].items():
        if "$ref" in found:
            yield from _leaves(schema, schema["$defs"][found["$ref"].rpartition("/")[2]], f"{before}{name}.")
        else:
            yield f"{before}{name}", found
