"""The tracks of a dubbed video, their order and its container, derived from the source. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from dropdub.languages import display_name, three_letters
from dropdub.media.stream_types import AudioStream, SubtitleStream
from dropdub.pipeline.facts import ProbeFacts

MP4_PICTURES = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video"})
MP4_SOUNDS = frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus"})
MP4_COVERS = frozenset({"mjpeg", "png", "bmp"})
TEXT_SUBTITLES = frozenset({"subrip", "srt", "mov_text", "webvtt", "text"})
"""Subtitles without styles: both containers have a format for them."""
STYLED_SUBTITLES = frozenset({"ass", "ssa", "hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle"})
"""Styled or bitmap subtitles, which only MKV holds unchanged."""
_MORE_MKV_SOUNDS = """
mp1 mp2 dts truehd mlp flac vorbis tta wavpack wmav1 wmav2 wmapro adpcm_ms adpcm_ima_wav pcm_alaw pcm_mulaw pcm_u8
pcm_s16le pcm_s24le pcm_s32le pcm_f32le pcm_f64le pcm_s16be pcm_s24be pcm_s32be cook
"""
MKV_SOUNDS = MP4_SOUNDS | frozenset(_MORE_MKV_SOUNDS.split())

Suffix = Literal["mp4", "mkv"]


@dataclass(frozen=True)
class Track:
    """One stream of the video: its kind (v, a, s), its source (`input:stream`) and its metadata.

    If `language` and `title` are None, the source's are kept; `disposition` is ffmpeg's.
    """

    kind: Literal["v", "a", "s"]
    source: str
    codec: str = "copy"
    language: str | None = None
    title: str | None = None
    disposition: str = "-default"


@dataclass(frozen=True)
class Container:
    """MP4 if it can hold every stream, else MKV and why: `video (vp8)`, `audio (vorbis)`, `subtitles (ass)`."""

    suffix: Suffix
    reasons: tuple[str, ...] = ()


def kept_sounds(probe: ProbeFacts) -> list[AudioStream]:
    """Return the audio tracks in the order of the dubbed video: the dubbed one, then the others."""
    chosen = probe.sound
    return [chosen, *(one for one in probe.sounds if one.index != chosen.index)]


def kept_subtitles(probe: ProbeFacts) -> list[SubtitleStream]:
    """Return the source's subtitle tracks that MP4 or MKV can hold."""
    return [one for one in probe.subtitles if one.codec in TEXT_SUBTITLES | STYLED_SUBTITLES]


def container_for(probe: ProbeFacts, *, burnt: bool, extras: bool = True) -> Container:
    """Return the container that can hold all audio and subtitle tracks (without `extras`: only the original audio)."""
    reasons: list[str] = []
    if not burnt and (picture := probe.picture.codec) not in MP4_PICTURES:
        reasons.append(f"video ({picture})")
    sounds = kept_sounds(probe) if extras else [probe.sound]
    # A codec that neither container holds is re-encoded, so it is no reason for MKV.
    unfit = {one.codec for one in sounds} & (MKV_SOUNDS - MP4_SOUNDS)
    reasons += [f"audio ({codec})" for codec in sorted(unfit)]
    styled = {one.codec for one in kept_subtitles(probe)} & STYLED_SUBTITLES if extras else set()
    reasons += [f"subtitles ({codec})" for codec in sorted(styled)]
    return Container("mkv", tuple(reasons)) if reasons else Container("mp4")


def sound_tracks(probe: ProbeFacts, suffix: Suffix, *, spoken: str, target: str, extras: bool = True) -> list[Track]:
    """Return the dub (input 1), the track it was made from, and the source's other audio tracks."""
    held = MP4_SOUNDS if suffix == "mp4" else MKV_SOUNDS
    original, *others = kept_sounds(probe)

    def codec(sound: AudioStream) -> str:
        return "copy" if sound.codec in held else "aac"

    return [
        Track("a", "1:a:0", "copy", target, f"{display_name(target)} (dubbed)", "default+dub"),
        Track("a", f"0:{original.index}", codec(original), spoken, f"{display_name(spoken)} (original)", "original"),
        *(Track("a", f"0:{sound.index}", codec(sound)) for sound in (others if extras else ())),
    ]


def subtitle_tracks(probe: ProbeFacts, suffix: Suffix, languages: Sequence[str], *, extras: bool = True) -> list[Track]:
    """Return the generated subtitles in `languages` (inputs 2 and up), then the source's own."""
    plain = "mov_text" if suffix == "mp4" else "subrip"
    own = [
        Track("s", f"{number}:0", plain, language, display_name(language), "0")
        for number, language in enumerate(languages, 2)
    ]
    theirs = [
        Track("s", f"0:{one.index}", plain if one.codec in TEXT_SUBTITLES else "copy")
        for one in (kept_subtitles(probe) if extras else ())
    ]
    return own + theirs


def reencoded_sounds(tracks: Sequence[Track]) -> int:
    """Return how many of the source's audio tracks are re-encoded."""
    return sum(track.kind == "a" and track.codec != "copy" for track in tracks)


def track_arguments(tracks: Sequence[Track], suffix: Suffix) -> list[str]:
    """Return the ffmpeg arguments that map the tracks in this order and write their metadata."""
    counts = dict.fromkeys("vas", 0)
    arguments: list[str] = []
    for track in tracks:
        stream = f"{track.kind}:{counts[track.kind]}"
        counts[track.kind] += 1
        arguments += ["-map", track.source, f"-c:{stream}", track.codec, f"-disposition:{stream}", track.disposition]
        arguments += [part for tag in _tags(track, suffix) for part in (f"-metadata:s:{stream}", tag)]
    return arguments


def _tags(track: Track, suffix: Suffix) -> Iterator[str]:
    if track.language is not None:
        yield f"language={three_letters(track.language)}"
    if track.title is not None:
        yield f"title={track.title}"
        if suffix == "mp4":  # players show the handler name of an MP4 track
            yield f"handler_name={track.title}"
