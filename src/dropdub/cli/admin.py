"""Commands that administer a root: create it, check its settings, forget old jobs."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from dropdub.cli.console import say, say_json
from dropdub.cli.exit_codes import DONE
from dropdub.cli.formatting import counted
from dropdub.errors import DropdubError, UsageError
from dropdub.files.durable import write_whole
from dropdub.files.privacy import private_files
from dropdub.operations.place import Place
from dropdub.pasting import COMMAND_INDENT, command
from dropdub.root import CONFIG_NAME, Root
from dropdub.root_record import RootRecord
from dropdub.setup.choices import LIGHT
from dropdub.units import parse_duration_s


def init(folder: Path, *, light: bool) -> int:
    """Create a root and print what to do next. Raises as `make_root`."""
    _say_next_steps(make_root(folder, light=light))
    return DONE


@private_files()
def make_root(folder: Path, *, light: bool) -> Root:
    """Create a root. No existing file is changed.

    Raises UsageError if the folder already is a root, or is a file; DropdubError if the system refuses.
    """
    root = Root.at(folder)
    if root.config_file.exists():
        raise UsageError(
            f"{root.config_file} already exists. It was not changed.",
            remedy="Choose another folder, or move that file away first.",
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file.", remedy="Choose a folder.")
    try:
        root.path.mkdir(mode=0o700, parents=True, exist_ok=True)  # on Windows, too, for this account and administrators
        root.create_folders()
        if RootRecord.load(root.path) is None:
            RootRecord.new(root).save(root)
        write_whole(root.config_file, config_text(light=light).encode())
    except OSError as error:
        raise DropdubError(f"{error.filename or folder}: {error.strerror}.", remedy="Choose another folder.") from error
    return root


def config_text(*, light: bool) -> str:
    """Return the `config.yaml` of a new root, in which every setting is a comment with its default."""
    text = resources.files("dropdub.cli").joinpath("templates/config.yaml").read_text(encoding="utf-8")
    for role, engine in LIGHT.items() if light else ():
        text = text.replace(f"# {role}: auto", f"{role}: {engine}")
    return text


def config_check(root: Path) -> int:
    from dropdub.config import load_config
    from dropdub.store.location import usable_url
    from dropdub.store.owner import refuse_foreign

    config = load_config(root / CONFIG_NAME)
    place = Root.at(root, config.folders.model_dump())
    place.refuse_outputs(config.named_outputs())
    refuse_foreign(place, usable_url(config.database, place))
    say(f"OK: {root / CONFIG_NAME}")
    return DONE


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
        say_json({"dry_run": dry_run, "jobs": pruned.jobs})
        return DONE
    if dry_run:
        for job in pruned.jobs:
            say(f"{job.id}  {job.name}  {job.state}")
    verb = "Would forget" if dry_run else "Forgot"
    say(f"{verb} {counted(len(pruned.jobs), 'job')} that ended more than {older_than} ago. Your files are kept.")
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
    watch = command(None if root.path == Path.cwd() else root.path, "watch")
    say(f"Then start it with:\n{COMMAND_INDENT}{watch}")
