"""The commands and their options. What they do is in the other modules, loaded when a command needs it:
`jobs status` answers at once.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dropdub import __version__
from dropdub.cli import failures
from dropdub.cli.calling import program_name
from dropdub.cli.console import prepare_streams, say
from dropdub.errors import DropdubError, UsageError
from dropdub.store.states import JobState

if TYPE_CHECKING:
    from dropdub.cli.place import Place

app = typer.Typer(
    name="jobs",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
)
config_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(config_app, name="config", help="Check or show the settings.")
models_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(models_app, name="models", help="List, fetch and check the models of the quality engines.")
voices_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(voices_app, name="voices", help="List, add, remove and prepare the voices of dubs.")
service_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(service_app, name="service", help="Run the daemon as a service of this system.")


@dataclass
class Invocation:
    """What was said before the command."""

    root: Path | None = None

    def path(self) -> Path:
        from dropdub.cli.place import root_path

        return root_path(self.root)

    def place(self) -> Place:
        from dropdub.cli.place import find_place

        return find_place(self.root)

    def logs_dir(self) -> Path | None:
        """Return where this root's logs are, None where there is no root."""
        try:
            return self.place().root.logs_dir
        except (DropdubError, OSError):
            return None


Context = typer.Context
Ref = Annotated[str, typer.Argument(metavar="JOB", help="Its number, its file name, or the name without suffix.")]
Refs = Annotated[
    list[str] | None, typer.Argument(metavar="[JOB]...", help="Numbers, file names, or names without suffix.")
]
Json = Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")]


def main() -> None:
    """Run the command line; leave with 0 (done), 1 (a job failed, a check fell short) or 2 (usage, configuration)."""
    name = program_name(sys.argv[0])
    prepare_streams(name=name)
    invocation = Invocation()
    try:
        app(obj=invocation, prog_name=name)
    except Exception as error:  # the boundary: whatever it is, a person gets a sentence
        sys.exit(failures.report(error, invocation.logs_dir()))


def _version(wanted: bool) -> None:
    if wanted:
        say(f"dropdub {__version__}")
        raise typer.Exit


@app.callback()
def jobs(
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
    jobs init DIR        make a root: the folder that holds inbox and outbox
    jobs watch           work off what is dropped into its inbox
    jobs status          see how far everything is
    """
    context.obj.root = root
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
    jobs init ~/dubs
    jobs init ~/dubs --light
    """
    from dropdub.cli import admin

    raise typer.Exit(admin.init((directory or context.obj.root or Path()).absolute(), light=light))


@app.command()
def watch(
    context: Context,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="Work the inbox off and end: with 1 if a job failed.")
    ] = False,
) -> None:
    """Watch the inbox and work off what is dropped, until Ctrl-C.

    \b
    jobs watch
    jobs watch --until-idle
    """
    from dropdub.cli import working

    raise typer.Exit(working.watch(context.obj.path(), until_idle=until_idle))


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
    jobs run talk.mp4 --to pt
    jobs run *.mp3 --to pt --to es --voice anna --out results
    """
    from dropdub.cli import working

    chosen: dict[str, Any] = {"targets": to or None, "voice": voice, "out": str(out.absolute()) if out else None}
    overrides = {name: value for name, value in chosen.items() if value is not None}
    raise typer.Exit(working.run(context.obj.place(), files, overrides=overrides, profile=profile))


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
    jobs status --watch
    jobs status --state failed --limit 0
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
    timeline: Annotated[bool, typer.Option("--timeline", help="Draw how the dubs fit, as PNG files.")] = False,
    as_json: Json = False,
) -> None:
    """Show one job: outputs, warnings, figures, steps, events.

    The figures tell how good its dubs came out. --timeline draws beside its
    manifest when the original and the dub speak, and prints where.

    \b
    jobs show talk.mp4
    jobs show 17 --json
    jobs show 17 --timeline
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
    jobs retry talk.mp4
    jobs retry --failed
    """
    from dropdub.cli import jobs as act

    raise typer.Exit(act.retry(context.obj.place(), refs or [], failed=failed))


@app.command()
def cancel(
    context: Context,
    refs: Annotated[list[str], typer.Argument(metavar="JOB...", help="Numbers, file names, or names without suffix.")],
) -> None:
    """End jobs before they are done.

    Their files go to failed/, and jobs retry takes them up again.

    \b
    jobs cancel talk.mp4
    """
    from dropdub.cli import jobs as act

    raise typer.Exit(act.cancel(context.obj.place(), refs))


@app.command()
def pause(context: Context, refs: Refs = None) -> None:
    """Hold these jobs, or all.

    What runs is finished, nothing else of them is started until jobs resume.

    \b
    jobs pause
    jobs pause talk.mp4
    """
    from dropdub.cli import jobs as act

    raise typer.Exit(act.pause(context.obj.place(), refs or []))


@app.command()
def resume(context: Context, refs: Refs = None) -> None:
    """Go on with these paused jobs, or with all.

    \b
    jobs resume
    jobs resume talk.mp4
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
    jobs logs --follow
    jobs logs talk.mp4 --lines 200
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
    jobs prune --dry-run
    jobs prune --older-than 90d
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
    jobs doctor
    jobs doctor --tune
    jobs doctor --report
    """
    from dropdub.cli import doctor as act

    if tune:
        raise typer.Exit(act.tune(context.obj.path()))
    raise typer.Exit(act.examine_root(context.obj.path(), as_json=as_json, report=report))


@config_app.command("check")
def config_check(context: Context) -> None:
    """Say whether config.yaml is right, or all that is wrong with it.

    \b
    jobs config check
    """
    from dropdub.cli import admin

    raise typer.Exit(admin.config_check(context.obj.path()))


@config_app.command("show")
def config_show(context: Context, as_json: Json = False) -> None:
    """Show the settings that hold: config.yaml, environment and defaults together.

    \b
    jobs config show
    """
    from dropdub.cli import admin

    raise typer.Exit(admin.config_show(context.obj.path(), as_json=as_json))


Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Models; else those that are used here.")]


@models_app.command("list")
def models_list(
    context: Context,
    every: Annotated[bool, typer.Option("--all", help="All that are known, not only those used or here.")] = False,
    as_json: Json = False,
) -> None:
    """Show the models: which are used, which are here, their size and licence.

    \b
    jobs models list
    jobs models list --all
    """
    from dropdub.cli import models as act

    raise typer.Exit(act.show(context.obj.path(), everything=every, as_json=as_json))


@models_app.command("pull")
def models_pull(
    context: Context,
    names: Names = None,
    mirror: Annotated[str | None, typer.Option(metavar="URL", help="Where to fetch from; else models.mirror.")] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Agree to the licences that ask for it.")
    ] = False,
) -> None:
    """Fetch models, on from where an earlier pull broke off.

    \b
    jobs models pull
    jobs models pull whisper-medium nllb-200-distilled-600M
    jobs models pull xtts-v2 --accept-licence
    """
    from dropdub.cli import models as act

    raise typer.Exit(act.pull(context.obj.path(), names or [], mirror=mirror, accept_licence=accept_licence))


@models_app.command("verify")
def models_verify(context: Context, names: Names = None) -> None:
    """Check that models are what was fetched; end with 1 if one is not.

    \b
    jobs models verify
    """
    from dropdub.cli import models as act

    raise typer.Exit(act.verify(context.obj.path(), names or []))


@voices_app.command("list")
def voices_list(context: Context, as_json: Json = False) -> None:
    """Show the voices and what may be wrong with them.

    \b
    jobs voices list
    """
    from dropdub.cli import voices as act

    raise typer.Exit(act.show_list(context.obj.place(), as_json=as_json))


@voices_app.command("add")
def voices_add(
    context: Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the voice is called in voice: NAME.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recording of one person, best 6 to 30 seconds.")],
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of a voice of that name.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Take it although it is not good.")] = False,
) -> None:
    """Add a voice: its recording is checked, levelled and put into voices/.

    Only add voices of people who have agreed to it.

    \b
    jobs voices add anna "Anna reads.m4a"
    """
    from dropdub.cli import voices as act

    raise typer.Exit(act.add(context.obj.place(), name, file, replace=replace, force=force))


@voices_app.command("remove")
def voices_remove(
    context: Context, names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Which voices.")]
) -> None:
    """Remove voices.

    \b
    jobs voices remove anna
    """
    from dropdub.cli import voices as act

    raise typer.Exit(act.remove(context.obj.place(), names))


@voices_app.command("prepare")
def voices_prepare(
    context: Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Which voices; else all.")] = None,
) -> None:
    """Reckon ahead what the synthesizer needs to know of voices.

    \b
    jobs voices prepare anna
    """
    from dropdub.cli import voices as act

    raise typer.Exit(act.prepare(context.obj.path(), names or []))


@service_app.command("install")
def service_install(
    context: Context,
    boot: Annotated[
        bool, typer.Option("--boot", help="Start with the machine, not when you log on. Needs an administrator.")
    ] = False,
    account: Annotated[
        str | None, typer.Option(metavar="NAME", help="With --boot: who runs it; else the owner of the root.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be installed.")] = False,
) -> None:
    """Install the daemon as a service of this system, and start it.

    It starts by itself from then on, and is started again if it dies. Each root has a service of its own.

    \b
    jobs service install
    jobs service install --boot
    jobs service install --dry-run
    """
    from dropdub.cli import service as act

    raise typer.Exit(act.install(context.obj.path(), at_boot=boot, account=account, dry_run=dry_run))


@service_app.command("uninstall")
def service_uninstall(context: Context) -> None:
    """Stop the service and take it away. Your files and jobs stay.

    \b
    jobs service uninstall
    """
    from dropdub.cli import service as act

    raise typer.Exit(act.uninstall(context.obj.path()))


@service_app.command("start")
def service_start(context: Context) -> None:
    """Start the service, now and from now on.

    \b
    jobs service start
    """
    from dropdub.cli import service as act

    raise typer.Exit(act.start(context.obj.path()))


@service_app.command("stop")
def service_stop(context: Context) -> None:
    """Stop the service until it is started again. What runs goes on from there then.

    \b
    jobs service stop
    """
    from dropdub.cli import service as act

    raise typer.Exit(act.stop(context.obj.path()))


@service_app.command("status")
def service_status(context: Context, as_json: Json = False) -> None:
    """Say whether the service is installed and runs.

    Ends with 1 if not.

    \b
    jobs service status
    """
    from dropdub.cli import service as act

    raise typer.Exit(act.status(context.obj.path(), as_json=as_json))
