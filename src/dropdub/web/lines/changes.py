"""What a person changes of the lines of a job: the texts of some, and the names of the speakers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from dropdub.config.fields import LanguageTag, one_line, storable
from dropdub.web.jobs.bodies import LARGEST_NUMBER, Strict

MOST_LINES = 20_000
"""Changed lines. A recording of ten hours has some 10,000."""
LONGEST_LINE = 5_000
MOST_CHARACTERS = 2_000_000
MOST_SPEAKERS = 200

LineNumber = Annotated[int, Field(ge=1, le=1_000_000)]
LineText = Annotated[str, Field(max_length=LONGEST_LINE), AfterValidator(storable)]
Speaker = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(one_line), AfterValidator(str.strip)]


class ChangedLine(Strict):
    """A line that has another text. `n`: its number; `before`: its text in the file; `text`: empty removes it."""

    n: LineNumber
    before: LineText
    text: LineText


class Changes(Strict):
    """All changes together. `speakers`: their new names, by those in the transcript."""

    lines: Annotated[Sequence[ChangedLine], Field(max_length=MOST_LINES)] = ()
    speakers: Annotated[Mapping[Speaker, Speaker], Field(max_length=MOST_SPEAKERS)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _distinct_and_bounded(self) -> Changes:
        if len({one.n for one in self.lines}) < len(self.lines):
            raise ValueError("a line is named twice")
        if sum(len(one.before) + len(one.text) for one in self.lines) > MOST_CHARACTERS:
            raise ValueError(f"the lines together have more than {MOST_CHARACTERS:,} characters")
        return self

    def same_as(self, other: Changes) -> bool:
        """Return whether both change the same, in whatever order."""
        by_number = [sorted((one.n, one.before, one.text) for one in each.lines) for each in (self, other)]
        return by_number[0] == by_number[1] and dict(self.speakers) == dict(other.speakers)


class DraftRequest(Changes):
    """The changes to keep. `version`: that of the draft that they continue; 0 if there was none."""

    version: Annotated[int, Field(ge=0, le=LARGEST_NUMBER)] = 0


class RevisionRequest(Changes):
    """What to make. `target`: the language of a translation; without it, the transcript is corrected."""

    target: LanguageTag | None = None

    @model_validator(mode="after")
    def _something(self) -> RevisionRequest:
        if not self.lines and not self.speakers:
            raise ValueError("nothing is changed: send lines or speakers")
        if self.target is not None and self.speakers:
            raise ValueError("speakers are named in the transcript: send their names without a target")
        return self
