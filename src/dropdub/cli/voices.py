"""`dropdub voices`: show, add, remove and prepare voices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from dropdub.cli.console import printing, say, say_json
from dropdub.cli.exit_codes import DONE, FELL_SHORT
from dropdub.config import load_config
from dropdub.engines.base import EngineSettings
from dropdub.engines.dnsmos import DnsMos
from dropdub.errors import EngineMissing
from dropdub.operations import voices
from dropdub.operations.place import Place
from dropdub.operations.voices import VoiceView
from dropdub.pasting import marked
from dropdub.pipeline.sound_quality import SoundQuality


def show_list(place: Place, *, as_json: bool) -> int:
    views = voices.list_voices(place)
    if as_json:
        say_json(views)
    elif not views:
        say(f"There are no voices in {place.root.voices}. Add one with: `dropdub voices add NAME FILE`")
    else:
        with printing() as screen:
            screen.print(_table(views))
    return DONE


def add(place: Place, name: str, file: Path, *, replace: bool, force: bool, as_json: bool = False) -> int:
    """Add a voice and show what is wrong with its recording; return 1 if it was not added. Raises as `voices.add`."""
    meter, why_not = _meter(place)
    report: Callable[[str], None] = (lambda _line: None) if as_json else say
    voice = voices.add(place, name, file, replace=replace, force=force, meter=meter, report=report)
    if as_json:
        say_json(voice)
        return DONE if voice.added else FELL_SHORT
    for sentence in (*voice.problems, *voice.warnings):
        say(sentence)
    if voice.sound:
        say(_rated(voice.sound))
    elif why_not:
        say(f"How good it sounds was not estimated. That takes the model DNSMOS. {why_not}")
    if not voice.added:
        again = marked("voices", "add", name, str(file), *(["--replace"] if replace else []), "--force")
        say(f"'{name}' was not added. To add it anyway: {again}")
        return FELL_SHORT
    say(f"Added '{voice.name}' ({voice.seconds:.1f} s). Use it with: voice: {voice.name}")
    return DONE


def _meter(place: Place) -> tuple[DnsMos | None, str | None]:
    """Return what estimates how good a recording sounds, loaded; or None, and a sentence without its full stop on how
    to get it.
    """
    models = load_config(place.root.config_file).models
    meter = DnsMos(EngineSettings(place.root.models_dir(models.dir)))
    if how := meter.how_to_get():
        return None, how
    try:
        meter.load()
    except EngineMissing as error:
        return None, f"{error.message} Repair it with: `dropdub models pull {meter.name}`"
    return meter, None


def _rated(sound: SoundQuality) -> str:
    parts = f"voice {sound.speech:.1f}, background {sound.background:.1f}"
    return f"It sounds like {sound.overall:.1f} of 5 ({parts}), as the model DNSMOS estimates it."


def remove(place: Place, names: Sequence[str]) -> int:
    voices.remove(place, names, on_removed=lambda name: say(f"Removed '{name}'"))
    return DONE


def prepare(root: Path, names: Sequence[str]) -> int:
    say("Loading the synthesizer …")
    return DONE if voices.prepare(root, names) else FELL_SHORT


def _table(views: Sequence[VoiceView]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in ("VOICE", "SECONDS", "LEVEL", ""):
        table.add_column(heading, justify="right" if heading in ("SECONDS", "LEVEL") else "left")
    for view in views:
        remarks = " ".join([*view.problems, *view.warnings]) or "good"
        table.add_row(Text(view.name), f"{view.seconds:.1f}", f"{view.level_db:.0f} dB", Text(remarks))
    return table
