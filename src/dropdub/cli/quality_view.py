"""Print the quality of a job's dubs, for `dropdub show`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dropdub.cli.formatting import printable
from dropdub.units import counted, format_moment

_FIT = (("clean", "as spoken"), ("sped_up", "sped up"), ("borrowed", "borrowed silence"), ("shortened", "shortened"))
_TIMES_SHOWN = 5


def print_quality(quality: Mapping[str, Any] | None, console: Console, *, timed: bool) -> None:
    """Print the quality of each dub, if there are any. `timed`: whether it has timing, unlike the dub of a text."""
    if not quality or not quality["targets"]:
        return
    console.print("\nQuality")
    console.print(Padding(_table(quality, timed=timed), (0, 0, 0, 2)))


def _table(quality: Mapping[str, Any], *, timed: bool) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for target, figures in quality["targets"].items():
        for number, line in enumerate(_lines(figures, timed=timed)):
            bad = "unintelligible" in line or "did not fit" in line
            table.add_row(Text("" if number else printable(target), "dim"), Text(line, "yellow" if bad else ""))
    for line in _suspects(quality["suspects"]):
        table.add_row(Text("all", "dim"), Text(line))
    return table


def _lines(figures: Mapping[str, Any], *, timed: bool) -> Iterator[str]:
    unmeasured = figures.get("not_measured")  # old versions do not record it
    if timed:
        yield from _timing(figures["timing"]) if figures["timing"] else ["timing not measured"] * (unmeasured is None)
    if heard := figures["heard_back"]:
        yield from _verification(heard)
    elif unmeasured is None:
        yield "speech not verified"
    if voices := figures["voices"]:
        each = ", ".join(f"{printable(one['speaker'] or 'speaker')} {one['likeness']:.2f}" for one in voices)
        yield f"speaker similarity: {each} (1 is identical)"
    if (left := figures.get("voices_left")) and left["voice_s"]:
        share = 100 * left["left_s"] / left["voice_s"]
        yield f"voices left under the dub: in {share:.1f} % of {left['voice_s']:.0f} s of speech"
    if sound := figures.get("sound"):
        yield from _sound(sound)
    yield from map(printable, unmeasured or ())


def _timing(timing: Mapping[str, Any]) -> Iterator[str]:
    done = ", ".join(f"{timing[name]} {words}" for name, words in _FIT)
    yield f"{counted(timing['utterances'], 'utterance')}: {done}"
    if timing["failed"]:
        yield f"{counted(timing['failed'], 'line')} did not fit"
    yield f"worst drift {timing['worst_drift_s']:.2f} s; 95 % start within {timing['start_error_p95_s']:.2f} s"


def _verification(heard: Mapping[str, Any]) -> Iterator[str]:
    lines, rate = counted(heard["lines"], "line"), heard["word_error_rate"]
    errors = f"{rate * 100:.1f} % of {heard['words']} words wrong" if rate is not None else "no words counted"
    bad = f"; {counted(len(heard['bad']), 'line')} may be unintelligible" if heard["bad"] else ""
    yield f"speech verified{_by(heard.get('listener'))}: {errors} in {lines}{bad}"
    original = heard.get("on_original")
    if original and original["word_error_rate"] is not None:
        share, reference = f"{original['word_error_rate'] * 100:.1f} %", printable(original["reference"])
        of = f"{share} of {original['words']} words wrong"
        yield f"the original, heard in the same way: {of}, compared with {reference}"


def _sound(sound: Mapping[str, Any]) -> Iterator[str]:
    """Yield how good the dub sounds, and each speaker if there are several."""
    yield f"sound, 1 to 5, as {printable(sound['model'])} estimates it: {_rated(sound)}"
    for one in sound["speakers"] if len(sound["speakers"]) > 1 else ():
        yield f"sound of {printable(one['speaker'] or 'speaker')}: {_rated(one)}"


def _rated(sound: Mapping[str, Any]) -> str:
    def parts(quality: Mapping[str, float]) -> str:
        return f"{quality['overall']:.1f} (voice {quality['speech']:.1f}, background {quality['background']:.1f})"

    return parts(sound["dub"]) + (f"; the original {parts(sound['original'])}" if sound["original"] else "")


def _by(listener: Mapping[str, Any] | None) -> str:
    """Return which transcriber it was; nothing in the results of old versions, which do not record it."""
    if listener is None:
        return ""
    model = f" ({printable(listener['model'])})" if listener["model"] else ""
    return f" by {printable(listener['name'])} {printable(listener['version'])}{model}"


def _suspects(suspects: list[Mapping[str, Any]]) -> Iterator[str]:
    if suspects:
        shown = [f"{format_moment(one['start'])} {one['fate']}" for one in suspects[:_TIMES_SHOWN]]
        more = f", and {len(suspects) - _TIMES_SHOWN} more" if len(suspects) > _TIMES_SHOWN else ""
        yield f"{counted(len(suspects), 'suspected hallucination')}: {', '.join(shown)}{more}"
