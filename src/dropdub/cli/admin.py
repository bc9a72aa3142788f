"""Commands that administer a root: create it, check its settings, forget old jobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dropdub.cli.console import say, say_json
from dropdub.cli.exit_codes import DONE
from dropdub.errors import UsageError
from dropdub.kits import Kit
from dropdub.operations.place import Place
from dropdub.pasting import COMMAND_INDENT, command
from dropdub.root import CONFIG_NAME, Root, is_current
from dropdub.setup.new_root import make_root
from dropdub.units import counted, parse_duration_s

if TYPE_CHECKING:
    from dropdub.dubbing.configured import Installed


def init(folder: Path, *, kit: Kit | None) -> int:
    """Create a root and print what to do next. Raises as `make_root`."""
    _say_next_steps(make_root(folder, kit=kit))
    return DONE


def config_check(root: Path) -> int:
    from dropdub.config import load_config
    from dropdub.dubbing.configured import Installed
    from dropdub.language_server.server import Server
    from dropdub.store.location import usable_url
    from dropdub.store.owner import refuse_foreign

    config = load_config(root / CONFIG_NAME)
    place = Root.at(root, config.folders.model_dump())
    place.refuse_outputs(config.all_outputs())
    refuse_foreign(place, usable_url(config.database, place))
    _refuse_impossible(Installed(place, config))
    say(f"OK: {root / CONFIG_NAME}")
    if elsewhere := Server.of(config.models.openai).warning:
        say(f"Warning: {elsewhere}", err=True)
    return DONE


def _refuse_impossible(installed: Installed) -> None:
    """Raise UsageError that lists what `job` and the profiles ask for and cannot get, with the remedy of the first."""
    from dropdub.dubbing.configured import as_usage_error

    errors = [as_usage_error(error, where) for where, error in installed.impossible()]
    if errors:
        raise UsageError("\n".join(error.message for error in errors), remedy=errors[0].remedy)


def config_show(root: Path, *, as_json: bool) -> int:
    import yaml

    from dropdub.config import load_config

    settings = load_config(root / CONFIG_NAME).model_dump(mode="json")
    if as_json:
        say_json(settings)
    else:
        say(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True).rstrip())
    return DONE


def prune(place: Place, *, older_than: str, dry_run: bool, as_json: bool) -> int:
    from dropdub.operations.prune import prune as forget

    pruned = forget(place, older_than_s=_age_s(older_than), dry_run=dry_run)
    if as_json:
        say_json({"dry_run": dry_run, "jobs": pruned.jobs, "kept": pruned.kept})
        return DONE
    if dry_run:
        for job in pruned.jobs:
            say(f"{job.id}  {job.name}  {job.state}")
    verb = "Would forget" if dry_run else "Forgot"
    say(f"{verb} {counted(len(pruned.jobs), 'job')} that ended more than {older_than} ago. Your files are kept.")
    if pruned.kept:
        numbers = ", ".join(str(job.id) for job in pruned.kept)
        say(f"Not forgotten, because a log or an answer cannot be removed now: {numbers}. Is one open in a program?")
    return DONE


def _age_s(text: str) -> float:
    try:
        return parse_duration_s(text)
    except ValueError as error:
        raise UsageError(f"--older-than: {error}.") from error


def _say_next_steps(root: Root) -> None:
    say(f"Created {root.path}")
    say()
    say(f"  Drop recordings and texts into   {root.inbox}")
    say(f"  The results appear in            {root.outbox}")
    say(f"  The settings are in              {root.config_file}")
    say()
    say("To get translations and dubs, first set the languages there, for example: targets: [pt]")
    watch = command(None if is_current(root.path) else root.path, "watch")
    say(f"Then start it with:\n{COMMAND_INDENT}{watch}")
