"""Extract the sound of a recording as engines need it: one channel at 16 kHz, on the recording's clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from av import AudioLayout

from dropdub.errors import NotMedia, TooLong
from dropdub.film.original_sound import original_sound
from dropdub.media.claimed_length import Claim, longest_read_s
from dropdub.media.containers import RAW_CONTAINERS
from dropdub.media.ffmpeg import run_ffmpeg
from dropdub.media.sound.length import SoundLength, counted, counting
from dropdub.media.sound.timed import TimedSound, joined, layout_of, placed
from dropdub.media.sound.wav import WavWriter
from dropdub.media.stream_types import AudioStream
from dropdub.media.watch import Watch
from dropdub.pipeline.dropped_file import DroppedFile
from dropdub.pipeline.facts import ProbeFacts
from dropdub.speech.one_channel import BLOCK, OneChannel
from dropdub.speech.rumble import Depths
from dropdub.speech.voice_band import SPEECH_RATE_HZ
from dropdub.units import format_duration

_AT_THE_END_S = 1.0
_WORTH_SAYING_S = 0.5
_WITHOUT_RUMBLE = ("highpass=f=50", "highpass=f=50")
"""Takes out an offset and what no voice reaches: the deepest are at 65 Hz. Twice, as a rumble may be 20 dB louder."""
_FAINT, _RAISED_TO, _MOST_GAIN = 10 ** (-46 / 20), 10 ** (-40 / 20), 10 ** (20 / 20)
"""Peaks of full scale 1, and a gain. A fainter voice would lose most of its 24 bits in the 16 that are written. It
stays so quiet that voices are distinguished from noise by their pitch. More gain would make bursts of noise speech."""
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Extracted:
    """The sound that was written: its length, and how it was read.

    `sound` has no clock if that of the recording was found to be wrong. It was read to `until_s` at the latest. `jumps`
    is whether the clock jumps, so that only the stated length was read. `instead` is what was taken in place of the mix
    of all channels, with its seconds of speech. `rumbles` is whether it has an offset or a rumble. `peak` is the level
    of its loudest sample.
    """

    duration_s: float
    sound: TimedSound
    until_s: float
    instead: Mapping[str, float]
    rumbles: bool
    peak: float
    jumps: bool = False

    @property
    def end_s(self) -> float:
        """Return where to stop when the sound is read again."""
        return self.duration_s if self.jumps else self.duration_s + _AT_THE_END_S


@dataclass(frozen=True)
class Extraction:
    """Extracts the sound of a recording. Recordings longer than `most_s` are refused."""

    source: DroppedFile
    scratch: Path
    most_s: float
    deadline_s: float

    def write(self, part: Path, *, progress: Progress) -> Extracted:
        """Write the sound to `part`, as 16 bit WAV.

        If it is longer or shorter than stated, but not without the recording's clock, that clock is not used. Raises
        NotMedia, TooLong, and the errors of ffmpeg.
        """
        found = self._written_as_stated(part, progress)
        # Filters of ffmpeg's that few recordings need would take longer than all the rest.
        filters = [*(_WITHOUT_RUMBLE if found.rumbles else ()), *_raising(found.peak)]
        if not filters:
            return found
        clean = self._written(found.sound, part, found.until_s, _unreported, filters=filters)
        return replace(clean, jumps=found.jumps)

    def length(self, found: Extracted, *, progress: Progress) -> SoundLength | None:
        """Return the exact length of what was written, at the sound's own rate: resampled, it is a few samples off.

        None if ffmpeg does not report it.
        """
        return self._length(found.sound, found.end_s, progress)

    def _written_as_stated(self, part: Path, progress: Progress) -> Extracted:
        name, probe = self.source.name, self.source.probe
        sound, claim = original_sound(self.source.path, probe), claim_of(probe)
        longest_s = longest_read_s(probe.duration_s, probe.size, most_s=self.most_s)
        found = self._written(sound, part, longest_s, progress)
        if not found.duration_s:
            raise NotMedia(f"The audio track of {name} contains no readable audio.")
        if found.duration_s > self.most_s + _AT_THE_END_S:
            most = format_duration(self.most_s)
            raise TooLong(f"{name} is longer than the limit of {most}, although the file states less.")
        if found.duration_s > longest_s - _AT_THE_END_S:  # keep only what plays within the stated length
            return replace(self._written(sound, part, probe.duration_s, progress), jumps=True)
        plain = replace(sound, has_clock=False)
        if sound.has_clock and not claim.fits(found.duration_s) and claim.fits(self._length_s(plain, longest_s)):
            return self._written(plain, part, longest_s, progress)
        return found

    def _written(
        self, sound: TimedSound, part: Path, until_s: float, progress: Progress, *, filters: Sequence[str] = ()
    ) -> Extracted:
        stream, stated_s = self.source.probe.sound, max(self.source.probe.duration_s, 1.0)
        mixer, depths, peak = OneChannel(channel_names(stream)), Depths(), 0.0
        pieces = placed(
            sound,
            rate=SPEECH_RATE_HZ,
            layout=layout_of(stream.layout, stream.channels),
            until_s=until_s,
            deadline_s=self.deadline_s,
            filters=filters,
            watch=Watch((part,)),
        )
        with closing(pieces), WavWriter(part, SPEECH_RATE_HZ, expected_s=until_s) as file:
            for block in joined(pieces, BLOCK):
                mixed = mixer.mixed(block)
                depths.add(mixed)
                peak = max(peak, float(np.abs(mixed).max(initial=0.0)))
                file.write(mixed)
                progress(min(file.duration_s / stated_s, 1.0))
            return Extracted(file.duration_s, sound, until_s, mixer.instead, depths.have_rumble, peak)

    def _length_s(self, sound: TimedSound, until_s: float) -> float:
        found = self._length(sound, until_s, _unreported)
        return found.duration_s if found else 0.0

    def _length(self, sound: TimedSound, until_s: float, progress: Progress) -> SoundLength | None:
        listed, rate = self.scratch / "length", self.source.probe.sound.sample_rate
        counts = counting(sound.stream, rate, listed, until_s=until_s, has_clock=sound.has_clock)
        run_ffmpeg(
            [*sound.inputs, *counts],
            deadline_s=self.deadline_s,
            duration_s=self.source.probe.duration_s,
            progress=progress,
        )
        try:
            return counted(listed, has_clock=sound.has_clock)
        except ValueError:
            return None


def _raising(peak: float) -> Iterator[str]:
    """Yield the filter that raises a faint recording."""
    if 0 < peak < _FAINT:
        yield f"volume={min(_RAISED_TO / peak, _MOST_GAIN):.3f}:precision=float"


def _unreported(_share: float) -> None:
    return None


def channel_names(stream: AudioStream) -> list[str]:
    """Return ffmpeg's names of the channels of a sound; empty names if they are in no particular order."""
    if stream.channels > 1 and layout_of(stream.layout, stream.channels) == stream.layout:
        return [channel.name for channel in AudioLayout(stream.layout).channels]
    return [""] * stream.channels


def claim_of(probe: ProbeFacts) -> Claim:
    """Return how long the sound of a recording is, according to its file."""
    audio = probe.sound
    # An audio track may be shorter than its video: that is no damage if the track itself states its length.
    track_s = audio.duration_s + audio.start_time_s - probe.start_time_s if audio.duration_s else None
    return Claim(probe.duration_s, track_s, has_video=probe.video is not None, is_raw=probe.container in RAW_CONTAINERS)


def extraction_warnings(source: DroppedFile, found: Extracted) -> list[str]:
    """Return what a person should know about how the sound was read."""
    claim = claim_of(source.probe)
    return [*_length_warnings(source.name, found, claim), *_channel_warnings(source.name, found)]


def _length_warnings(name: str, found: Extracted, claim: Claim) -> list[str]:
    if found.jumps:
        stated = format_duration(claim.whole_s)
        what = f"The timestamps of {name} jump, so only its stated length of {stated} was processed."
        return [f"{what} If something is missing, convert it with another program and drop the result."]
    if claim.has_clock and not found.sound.has_clock:
        what = f"The timestamps of {name} do not fit its audio, so its pieces were put one after the other."
        return [f"{what} If lines come at the wrong times, convert it with another program and drop the result."]
    if claim.is_exceeded(found.duration_s):
        long, stated = _told_apart(found.duration_s, claim.whole_s)
        return [f"{name} states a length of {stated}, but is {long} long. All of it was processed."]
    if claim.is_missed(found.duration_s):
        short, expected = _told_apart(found.duration_s, claim.sound_s)
        return [f"{name} ends early: only {short} of {expected} could be read. The file may be incomplete."]
    return []


def _told_apart(one_s: float, other_s: float) -> tuple[str, str]:
    """Return two lengths as texts that differ."""
    one, other = format_duration(one_s), format_duration(other_s)
    return (one, other) if one != other else (f"{one_s:.1f} s", f"{other_s:.1f} s")


def _channel_warnings(name: str, found: Extracted) -> list[str]:
    taken = {way: seconds for way, seconds in found.instead.items() if seconds >= _WORTH_SAYING_S}
    if not taken:
        return []
    ways, seconds = " and the ".join(taken), format_duration(sum(taken.values()))
    what = f"In {seconds} of speech, the mix of all channels of {name} would have lost voices"
    return [f"{what}, so the {ways} was used."]
