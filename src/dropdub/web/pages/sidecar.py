"""What a form asks for, as options of a job, and as the file beside a recording that does the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from dropdub.config import Config, JobOptions
from dropdub.web.answering.errors import ApiError
from dropdub.web.bodies import refusal
from dropdub.web.pages.option_form import entered


@dataclass(frozen=True)
class Asked:
    """`options`: what is not as usual; `problem`: why they cannot be used, and `param`: the name of the wrong one."""

    profile: str | None
    options: Mapping[str, Any]
    problem: str | None = None
    param: str | None = None

    @property
    def yaml(self) -> str:
        """Return the text of the `.job.yaml` file; empty if nothing is set."""
        if not self.options:
            return ""
        return yaml.safe_dump(dict(self.options), allow_unicode=True, sort_keys=False, default_flow_style=None)

    def wrong_with(self, name: str) -> str:
        """Return what is wrong with the option of a dotted name, or with a part of it; empty if nothing is."""
        param = self.param or ""
        is_it = param == name or param.startswith((f"{name}.", f"{name}["))
        return (self.problem or "") if is_it else ""


def asked_for(form: Mapping[str, Sequence[str]], config: Config) -> Asked:
    """Return what a form asks for, validated as a sidecar is. A profile that does not exist is none."""
    profile = (list(form.get("profile", ())) or [""])[-1] or None
    known = profile if profile in config.profiles else None
    given: Mapping[str, Any] = {}
    try:
        given = entered(form)
        options = JobOptions.model_validate(given).model_dump(mode="json", exclude_unset=True)
        config.options_for(known, options)
    except (ApiError, ValidationError) as error:
        found = error if isinstance(error, ApiError) else refusal(error)
        return Asked(known, given, found.message, found.param)
    return Asked(known, options)
