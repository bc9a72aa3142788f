"""Declare the commands and their options. The other modules implement them and are imported only by the command that
needs them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dropdub import __version__
from dropdub.cli.arguments import Context, Json, Ref, Refs
from dropdub.cli.console import name_root, say
from dropdub.cli.groups import config_app, engines_app, models_app, service_app, token_app, voices_app
from dropdub.cli.plain_status import JOBS_SHOWN
from dropdub.errors import UsageError
from dropdub.store.states import JobState

PROGRAM = "dropdub"
"""The program's name in messages and help. `jobs`, its other entry point, is a builtin of bash and zsh."""

app = typer.Typer(
    name=PROGRAM,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
)
app.add_typer(config_app, name="config", help="Check or show the settings.")
app.add_typer(engines_app, name="engines", help="List the engines, and find out which one is best for what.")
app.add_typer(models_app, name="models", help="List, download and verify the models of the quality engines.")
app.add_typer(voices_app, name="voices", help="List, add, remove and prepare voices for dubs.")
app.add_typer(service_app, name="service", help="Run the daemon as a system service.")
app.add_typer(token_app, name="token", help="Show or renew the token that gives access to the web server.")


def _show_version(requested: bool) -> None:
    if requested:
        say(f"dropdub {__version__}")
        raise typer.Exit


@app.callback()
def dropdub(
    context: Context,
    root: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="The root. Default: $JOBS_ROOT, or the nearest root at or above the current folder."
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Drop recordings and texts into one folder; get transcripts, subtitles, translations and dubs in another.

    \b
    dropdub init DIR        create a root: a folder with an inbox and an outbox
    dropdub watch           process whatever is dropped into the inbox
    dropdub status          show progress
    """
    context.obj.root, context.obj.command = root, context.invoked_subcommand
    name_root(context.obj.root_to_name(context.invoked_subcommand))
    if context.invoked_subcommand is None:
        say(context.get_help())


@app.command()
def init(
    context: Context,
    directory: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Default: --root, or this folder.")] = None,
    compact: Annotated[bool, typer.Option("--compact", help="Use the compact engines: 300 MB of models.")] = False,
) -> None:
    """Create a root: its folders and a config.yaml.

    \b
    dropdub init ~/dubs
    dropdub init ~/dubs --compact
    """
    from dropdub.cli import admin

    folder = (directory or context.obj.root or Path()).absolute()
    raise typer.Exit(admin.init(folder, kit="compact" if compact else None))


@app.command()
def setup(
    context: Context,
    directory: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]", help="Default: --root, the root that this folder belongs to, or else ~/Dropdub."
        ),
    ] = None,
    *,
    language: Annotated[str | None, typer.Option(metavar="LANG", help="Language spoken, or auto.")] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(metavar="LANG", help="Language to translate and dub into; repeatable. none: only transcribe."),
    ] = None,
    engines: Annotated[str | None, typer.Option(metavar="KIND", help="compact or quality.")] = None,
    install: Annotated[
        bool | None, typer.Option("--install/--no-install", help="Install the packages that the engines need.")
    ] = None,
    models: Annotated[bool | None, typer.Option("--models/--no-models", help="Download the models.")] = None,
    service: Annotated[
        bool | None, typer.Option("--service/--no-service", help="Run the daemon as a system service.")
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Agree to the licences that require consent.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; use the defaults.")] = False,
    as_json: Json = False,
) -> None:
    """Set up a root: languages, engines, models, service.

    Asks for everything that no option specifies. Asks nothing with --yes or
    --json, or without a terminal. You can run it again at any time: in
    config.yaml, it changes only what you choose.

    \b
    dropdub setup
    dropdub setup ~/dubs --language en --to pt --engines quality --yes
    """
    from dropdub.cli import setup as act
    from dropdub.setup.choices import SetupOptions, choices_of

    options = SetupOptions(choices_of(language, to, engines), install, models, service, accept_licence)
    raise typer.Exit(act.setup(directory or context.obj.root, options, yes=yes, as_json=as_json))


@app.command()
def watch(
    context: Context,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="Process the inbox and exit: with 1 if a job failed.")
    ] = False,
    accept_missing: Annotated[
        bool,
        typer.Option("--accept-missing", help="Start even if the database or folders of the last start are missing."),
    ] = False,
    shared_inbox: Annotated[
        bool,
        typer.Option("--shared-inbox", help="Others can write to the inbox: see inbox.sidecars in config.yaml."),
    ] = False,
    web: Annotated[bool, typer.Option("--web", help="Start the web server as well.")] = False,
) -> None:
    """Watch the inbox and process whatever is dropped. Press Ctrl-C to stop.

    \b
    dropdub watch
    dropdub watch --until-idle
    dropdub watch --web
    """
    from dropdub.cli import foreground

    raise typer.Exit(
        foreground.watch(
            context.obj.path(),
            until_idle=until_idle,
            accept_missing=accept_missing,
            shared_inbox=shared_inbox,
            web=web,
        )
    )


@app.command()
def serve(context: Context) -> None:
    """Run the web server beside a daemon that runs as a service. Ctrl-C stops it.

    It answers faster as a part of the daemon: `dropdub watch --web`, or
    web.enabled in config.yaml.

    \b
    dropdub serve
    """
    from dropdub.cli import web

    raise typer.Exit(web.serve(context.obj.path()))


@app.command("open")
def open_page(
    context: Context,
    show: Annotated[bool, typer.Option("--show", help="Print the link only; it works once, within a minute.")] = False,
) -> None:
    """Open the page of the web server in the browser, logged in.

    \b
    dropdub open
    dropdub open --show
    """
    from dropdub.cli import web

    raise typer.Exit(web.open_page(context.obj.path(), show=show))


@app.command()
def run(
    context: Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Files to process. Your files stay where they are.")
    ],
    to: Annotated[
        list[str] | None, typer.Option(metavar="LANG", help="Language to translate and dub into; repeatable.")
    ] = None,
    voice: Annotated[
        str | None, typer.Option(metavar="NAME", help="Voice of the dub: the name of a recording in voices/.")
    ] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="A profile in config.yaml.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Put the results here instead of in the outbox.")
    ] = None,
) -> None:
    """Process files now, in the foreground.

    Shows the progress and the results. Exits with 1 if a file did not succeed.

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
    watch: Annotated[bool, typer.Option("--watch", help="Refresh every second until Ctrl-C.")] = False,
    state: Annotated[list[JobState] | None, typer.Option(help="Show only jobs in this state; repeatable.")] = None,
    limit: Annotated[
        int, typer.Option(min=0, metavar="N", help="Maximum number of jobs to show; 0 shows all.")
    ] = JOBS_SHOWN,
    every: Annotated[
        bool, typer.Option("--all", help="Also show what only answers a program, such as a text that is spoken.")
    ] = False,
) -> None:
    """Show whether the daemon is running, and the progress of the jobs.

    \b
    dropdub status --watch
    dropdub status --state failed --limit 0
    """
    from dropdub.cli import jobs as act

    if watch and as_json:
        raise UsageError("--watch and --json cannot be combined.")
    place, wanted = context.obj.place(), act.Wanted(state or [], limit, asked=every)
    if watch:
        raise typer.Exit(act.status_live(place, wanted))
    raise typer.Exit(act.status(place, wanted, as_json=as_json))


@app.command()
def show(
    context: Context,
    job: Ref,
    timeline: Annotated[bool, typer.Option("--timeline", help="Draw the timing of the dubs as SVG files.")] = False,
    as_json: Json = False,
) -> None:
    """Show one job: outputs, warnings, quality, steps, events.

    --timeline draws when the original and each dub speak, next to the job's
    manifest, and prints the paths of the drawings.

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
    failed: Annotated[bool, typer.Option("--failed", help="Retry all failed jobs.")] = False,
) -> None:
    """Retry failed or cancelled jobs.

    Expensive results of earlier attempts are reused.

    \b
    dropdub retry talk.mp4
    dropdub retry --failed
    """
    from dropdub.cli import jobs as act

    raise typer.Exit(act.retry(context.obj.place(), refs or [], failed=failed))


@app.command()
def cancel(
    context: Context,
    refs: Annotated[
        list[str], typer.Argument(metavar="JOB...", help="Job numbers, file names, or names without suffix.")
    ],
) -> None:
    """Cancel jobs.

    Their files are moved to failed/, even those still waiting in the inbox. dropdub retry processes them again.

    \b
    dropdub cancel talk.mp4
    dropdub cancel lessons/talk.mp4
    """
    from dropdub.cli import jobs as act

    raise typer.Exit(act.cancel(context.obj.place(), refs))


@app.command()
def pause(context: Context, refs: Refs = None) -> None:
    """Pause these jobs, or all jobs.

    Running steps are finished. No further steps are started until dropdub resume.

    \b
    dropdub pause
    dropdub pause talk.mp4
    """
    from dropdub.cli import jobs as act

    raise typer.Exit(act.pause(context.obj.place(), refs or []))


@app.command()
def resume(context: Context, refs: Refs = None) -> None:
    """Resume these paused jobs, or all jobs.

    \b
    dropdub resume
    dropdub resume talk.mp4
    """
    from dropdub.cli import jobs as act

    raise typer.Exit(act.resume(context.obj.place(), refs or []))


@app.command()
def logs(
    context: Context,
    job: Annotated[str | None, typer.Argument(metavar="[JOB]", help="Show only this job's log.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep following the log until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, metavar="N", help="Number of lines to show.")] = 50,
) -> None:
    """Show the last lines of the log.

    \b
    dropdub logs --follow
    dropdub logs talk.mp4 --lines 200
    """
    from dropdub.cli import logs as act

    raise typer.Exit(act.logs(context.obj.place(), job, lines=lines, follow=follow))


@app.command()
def prune(
    context: Context,
    older_than: Annotated[str, typer.Option(metavar="TIME", help="Only jobs that ended longer ago than this.")] = "30d",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show which jobs would be forgotten.")] = False,
    as_json: Json = False,
) -> None:
    """Forget old jobs and delete their logs.

    Your files in outbox, archive and failed are kept. A forgotten job can no longer be retried: drop its file
    again instead.

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
        bool, typer.Option("--tune", help="Measure which precision is fastest on this machine, and remember it.")
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Write a file to attach to a bug report. It contains nothing private.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check that everything Dropdub needs is installed and working.

    Shows how to fix each problem. Exits with 1 if there is a problem.

    \b
    dropdub doctor
    dropdub doctor --tune
    dropdub doctor --report
    """
    from dropdub.cli import doctor as act

    if tune:
        raise typer.Exit(act.tune(context.obj.path()))
    raise typer.Exit(act.examine_root(context.obj.path(), as_json=as_json, report=report))
