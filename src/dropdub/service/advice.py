"""Advice for somebody who installs a service, as sentences."""

from __future__ import annotations

import os
from collections.abc import Iterator

from dropdub.config import ENV_PREFIX, Config
from dropdub.pasting import pasted
from dropdub.root import CONFIG_NAME
from dropdub.service.accounts import may_write_config
from dropdub.service.description import ServicePlan
from dropdub.service.search_path import not_on_path


def advice_on(plan: ServicePlan, *, config_is_guarded: bool) -> Iterator[str]:
    """Yield the sentences. `config_is_guarded`: the system keeps the service from writing to config.yaml."""
    names = sorted(name for name in os.environ if _is_setting(name.upper()))
    if names:
        yield f"The service does not see these environment variables: {', '.join(names)}. Set them in {CONFIG_NAME}."
    for program in not_on_path(plan.search_path):
        yield f"The service cannot find {program}. {_remedy(program.stem)}"
    if plan.at_boot and not config_is_guarded and may_write_config(plan):
        yield (
            f"The service's account {plan.account} can change {plan.config_file}, which names programs to run. Protect "
            f"it with:\n  sudo chflags schg {pasted(plan.config_file)}\n"
            f"Before you edit it, run:\n  sudo chflags noschg {pasted(plan.config_file)}"
        )


def _remedy(program: str) -> str:
    if program == "ffmpeg":
        return f"Set ffmpeg to its full path in {CONFIG_NAME}, or install it for all users."
    return "Install it for all users."


def _is_setting(variable: str) -> bool:
    section = variable.removeprefix(ENV_PREFIX).partition("__")[0].lower()
    return variable.startswith(ENV_PREFIX) and section in Config.model_fields
