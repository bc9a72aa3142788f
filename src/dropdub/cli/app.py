"""The commands and their options. What they do is in the other modules, loaded when a command needs it:
`dropdub status` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from dropdub import __version__
from dropdub.cli import exit_codes
from dropdub.cli.arguments import Context, Invocation, Json, Ref, Refs
from dropdub.cli.console import name_root, prepare_streams, say
from dropdub.cli.groups import config_app, models_app, service_app, voices_app
from dropdub.errors import UsageError
from dropdub.process import never_search_current_folder
from dropdub.store.states import JobState

PROGRAM = "dropdub"
"""What messages and help call the program. `jobs`, its other entry point, is a builtin of bash and zsh."""

app = typer.Typer(
    name=PROGRAM,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
)
app.add_typer(config_app, name="config", help="Check or show the settings.")
app.add_typer(models_app, name="models", help="List, fetch and check the models of the quality engines.")
app.add_typer(voices_app, name="voices", help="List, add, remove and prepare the voices of dubs.")
app.add_typer(service_app, name="service", help="Run the daemon as a service of this system.")


def main() -> None:
    """Run the command line; leave with 0 (done), 1 (a job failed, a check fell short) or 2 (usage, configuration)."""
    never_search_current_folder()
    prepare_streams()
    invocation = Invocation()
    try:
        app(obj=invocation, prog_name=PROGRAM)
    except Exception as error:  # the boundary: whatever it is, a person gets a sentence
        sys.exit(exit_codes.report(error, invocation.logs_dir()))


def _version(wanted: bool) -> None:
    if wanted:
        say(f"dropdub {__version__}")
        raise typer.Exit


@app.callback()
def dropdub(
    context: Context,
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The root; else $JOBS_ROOT, else upward from here.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Drop recordings and texts into a folder; take transcripts, subtitles, translations and dubs out of another.

    \b
    dropdub init DIR        make a root: the folder that holds inbox and outbox
    dropdub watch           work off what is dropped into its inbox
    dropdub status          see how far everything is
    """
    context.obj.root = root
    name_root(context.obj.root_to_name(context.invoked_subcommand))
    if context.invoked_subcommand is None:
        say(context.get_help())


@app.command()
def init(
    context: Context,
    directory: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Where; else --root, else here.")] = None,
    light: Annotated[bool, typer.Option("--light", help="Set the light engines: nothing large to download.")] = False,
) -> None:
    """Make a root: its folders, and a config.yaml to set it up.

    \b
    dropdub init ~/dubs
    dropdub init ~/dubs --light
    """
    from dropdub.cli import admin

    raise typer.Exit(admin.init((directory or context.obj.root or Path()).absolute(), light=light))


@app.command()
def setup(
    context: Context,
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Where; else --root, the root found from here, ~/Dropdub.")
    ] = None,
    *,
    language: Annotated[str | None, typer.Option(metavar="LANG", help="The language spoken, or auto.")] = None,
    to: Annotated[
        list[str] | None, typer.Option(metavar="LANG", help="Translate and dub into it; repeatable; none for none.")
    ] = None,
    engines: Annotated[str | None, typer.Option(metavar="KIND", help="light or quality.")] = None,
    install: Annotated[
        bool | None, typer.Option("--install/--no-install", help="Install what the engines need.")
    ] = None,
    models: Annotated[bool | None, typer.Option("--models/--no-models", help="Fetch the models.")] = None,
    service: Annotated[
        bool | None, typer.Option("--service/--no-service", help="Run the daemon as a service of this system.")
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Agree to the licences that ask for it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: what no option says, as is usual.")] = False,
    as_json: Json = False,
) -> None:
    """Set up a root: languages, engines, models, service.

    Asks for what no option says; without a terminal, with --yes or --json, it
    asks nothing. It can be run again at any time, and changes in config.yaml
    only what is chosen.

    \b
    dropdub setup
    dropdub setup ~/dubs --language en --to pt --engines quality --yes
    """
    from dropdub.cli import setup as act
    from dropdub.setup.choices import chosen

    wishes = act.Wishes(chosen(language, to, engines), install, models, service, accept_licence)
    raise typer.Exit(act.setup(directory or context.obj.root, wishes, yes=yes, as_json=as_json))


@app.command()
def watch(
    context: Context,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="Work the inbox off and end: with 1 if a job failed.")
    ] = False,
    accept_missing: Annotated[
        bool,
        typer.Option("--accept-missing", help="Take database and folders as gone that the last start had."),
    ] = False,
    shared_inbox: Annotated[
        bool,
        typer.Option("--shared-inbox", help="Others write into the inbox: see inbox.sidecars in config.yaml."),
    ] = False,
) -> None:
    """Watch the inbox and work off what is dropped, until Ctrl-C.

    \b
    dropdub watch
    dropdub watch --until-idle
    """
    from dropdub.cli import foreground

    raise typer.Exit(
        foreground.watch(
            context.obj.path(), until_idle=until_idle, accept_missing=accept_missing, shared_inbox=shared_inbox
        )
    )


@app.command()
def run(
    context: Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="What to work on. Your files stay.")],
    to: Annotated[list[str] | None, typer.Option(metavar="LANG", help="Translate and dub into it; repeatable.")] = None,
    voice: Annotated[str | None, typer.Option(metavar="NAME", help="Who speaks: a recording in voices/.")] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="A profile of config.yaml.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Put the results there, not into the outbox.")] = None,
) -> None:
    """Work files off now, in the foreground.

    Shows how far they are and what came out; ends with 1 if one was not done.

    \b
    dropdub run talk.mp4 --to pt
    dropdub run *.mp3 --to pt --to es --voice anna --out results
    """
    from dropdub.cli import foreground

    chosen: dict[str, Any] = {"targets": to or None, "voice": voice, "out": str(out.absolute()) if out else None}
    overrides = {name: value for name, value in chosen.items() if value is not None}
    raise typer.Exit(foreground.run(context.obj.place(), files, overrides=overrides, profile=profile))


@app.command()
def status(
    context: Context,
    as_json: Json = False,
    watch: Annotated[bool, typer.Option("--watch", help="Show it anew each second, until Ctrl-C.")] = False,
    state: Annotated[list[JobState] | None, typer.Option(help="Only jobs in this state; repeatable.")] = None,
    limit: Annotated[int, typer.Option(min=0, metavar="N", help="So many jobs at most; 0 is all.")] = 20,
) -> None:
    """Show whether the daemon runs, and how far the jobs are.

    \b
    dropdub status --watch
    dropdub status --state failed --limit 0
    """
    from dropdub.cli import jobs as act

    if watch and as_json:
        raise UsageError("--watch and --json exclude each other.")
    place, states = context.obj.place(), state or []
    if watch:
        raise typer.Exit(act.status_live(place, states=states, limit=limit))
    raise typer.Exit(act.status(place, states=states, limit=limit, as_json=as_json))


@app.command()
def show(
    context: Context,
    job: Ref,
    timeline: Annotated[bool, typer.Option("--timeline", help="Draw how the dubs fit, as SVG files.")] = False,
    as_json: Json = False,
) -> None:
    """Show one job: outputs, warnings, figures, steps, events.

    The figures tell how good its dubs came out. --timeline draws beside its
    manifest when the original and the dub speak, and prints where.

    \b
    dropdub show talk.mp4
    dropdub show 17 --json
    dropdub show 17 --timeline
    """
    from dropdub.cli import jobs as act

    if timeline:
        raise typer.Exit(act.show_timeline(context.obj.place(), job, as_json=as_json))
    raise typer.Exit(act.show(context.obj.place(), job, as_json=as_json))


@app.command()
def retry(
    context: Context,
    refs: Refs = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed.")] = False,
) -> None:
    """Begin failed or cancelled jobs anew.

    Costly results of the try before are kept and used again.

    \b
    dropdub retry talk.mp4
    dropdub retry --failed
    """
    from dropdub.cli import jobs as act

    raise typer.Exit(act.retry(context.obj.place(), refs or [], failed=failed))


@app.command()
def cancel(
    context: Context,
    refs: Annotated[list[str], typer.Argument(metavar="JOB...", help="Numbers, file names, or names without suffix.")],
) -> None:
    """End jobs before they are done.

    Their files, also those that still wait in the inbox, go to failed/, and dropdub retry takes them up again.

    \b
    dropdub cancel talk.mp4
    dropdub cancel lessons/talk.mp4
    """
    from dropdub.cli import jobs as act

    raise typer.Exit(act.cancel(context.obj.place(), refs))


@app.command()
def pause(context: Context, refs: Refs = None) -> None:
    """Hold these jobs, or all.

    What runs is finished, nothing else of them is started until dropdub resume.

    \b
    dropdub pause
    dropdub pause talk.mp4
    """
    from dropdub.cli import jobs as act

    raise typer.Exit(act.pause(context.obj.place(), refs or []))


@app.command()
def resume(context: Context, refs: Refs = None) -> None:
    """Go on with these paused jobs, or with all.

    \b
    dropdub resume
    dropdub resume talk.mp4
    """
    from dropdub.cli import jobs as act

    raise typer.Exit(act.resume(context.obj.place(), refs or []))


@app.command()
def logs(
    context: Context,
    job: Annotated[str | None, typer.Argument(metavar="[JOB]", help="Only this job's log.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written, until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, metavar="N", help="So many lines back.")] = 50,
) -> None:
    """Show the newest lines of the log.

    \b
    dropdub logs --follow
    dropdub logs talk.mp4 --lines 200
    """
    from dropdub.cli import logs as act

    raise typer.Exit(act.logs(context.obj.place(), job, lines=lines, follow=follow))


@app.command()
def prune(
    context: Context,
    older_than: Annotated[str, typer.Option(metavar="TIME", help="Ended longer ago than this.")] = "30d",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which.")] = False,
    as_json: Json = False,
) -> None:
    """Forget jobs that ended long ago, with their logs.

    Your files stay, in outbox, archive and failed. A failed job that is forgotten cannot be retried any more:
    drop its file again.

    \b
    dropdub prune --dry-run
    dropdub prune --older-than 90d
    """
    from dropdub.cli import admin

    raise typer.Exit(admin.prune(context.obj.place(), older_than=older_than, dry_run=dry_run, as_json=as_json))


@app.command()
def doctor(
    context: Context,
    tune: Annotated[
        bool, typer.Option("--tune", help="Measure which precision computes fastest here, and keep the choice.")
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Write a file to attach to a bug report, without anything private.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say whether all that the work needs is here.

    Each thing with its remedy; ends with 1 if something stands in the way.

    \b
    dropdub doctor
    dropdub doctor --tune
    dropdub doctor --report
    """
    from dropdub.cli import doctor as act

    if tune:
        raise typer.Exit(act.tune(context.obj.path()))
    raise typer.Exit(act.examine_root(context.obj.path(), as_json=as_json, report=report))
