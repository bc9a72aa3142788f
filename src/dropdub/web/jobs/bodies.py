"""The bodies of requests about jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from dropdub.config.fields import one_is_a_list, one_line
from dropdub.store.states import JobState, Priority
from dropdub.store.transitions import Action
from dropdub.store.views.listing import Chosen

LARGEST_NUMBER = 2**63 - 1
MOST_NUMBERS = 10_000
Number = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)]
PRIORITIES = {"normal": Priority.NORMAL, "low": Priority.LOW}


class Strict(BaseModel):
    """A field with a misspelled name is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FormRequest(Strict):
    """What to make of the file of a form. `options`: as in a `.job.yaml` file."""

    options: dict[str, Any] = Field(default_factory=dict)
    profile: Name | None = None
    priority: Literal["normal", "low"] = "normal"


class JobRequest(FormRequest):
    """A text, or a complete upload by its id, and what to make of it. `name`: of the text; an upload has its own."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["text"]}, {"required": ["upload"]}]})

    text: Annotated[str, Field(min_length=1)] | None = None
    upload: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")] | None = None
    name: Name | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> JobRequest:
        if (self.text is None) == (self.upload is None):
            raise ValueError("send either text or upload")
        if self.text is not None and not self.text.strip():
            raise ValueError("text is empty")
        if self.upload is not None and self.name is not None:
            raise ValueError("name is that of a text: an upload has the one in its metadata")
        return self


class JobFilter(Strict):
    """The jobs of a list. `requests`: also what only answers a client, such as a text that is spoken."""

    state: Annotated[tuple[JobState, ...], BeforeValidator(one_is_a_list)] = ()
    q: Annotated[str, Field(max_length=200)] = ""
    error: Annotated[str, Field(max_length=100)] = ""
    requests: bool = False

    def chosen(self) -> Chosen:
        return Chosen(self.state, self.q, self.error, self.requests)


class ActionRequest(Strict):
    """What to do with which jobs: those of a `filter`, however many, or those with these `ids`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["filter"]}, {"required": ["ids"]}]})

    action: Action
    filter: JobFilter | None = None
    ids: Annotated[Sequence[Number], Field(min_length=1, max_length=MOST_NUMBERS)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> ActionRequest:
        if (self.filter is None) == (self.ids is None):
            raise ValueError("send either filter or ids")
        return self
