"""What goes into a film, and into which container."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.film.tracks import (
    MKV_SOUNDS,
    MP4_PICTURES,
    MP4_SOUNDS,
    STYLED_SUBTITLES,
    TEXT_SUBTITLES,
    container_for,
    sound_tracks,
    subtitle_tracks,
    track_arguments,
)
from dropdub.media.stream_types import AudioStream, SubtitleStream, VideoStream
from dropdub.pipeline.facts import ProbeFacts


def probed(picture: str = "h264", sounds: tuple[str, ...] = ("aac",), subtitles: tuple[str, ...] = ()) -> ProbeFacts:
    """Return the facts of a file whose first sound is worked on."""
    tracks = tuple(
        AudioStream(number, codec, None, 2, 48_000, None, 0.0, number == 1) for number, codec in enumerate(sounds, 1)
    )
    own = tuple(SubtitleStream(number, codec) for number, codec in enumerate(subtitles, 1 + len(sounds)))
    picture_stream = VideoStream(0, picture, 640, 360, 25.0)
    return ProbeFacts("media", audio=tracks[0], video=picture_stream, sounds=tracks, subtitles=own)


@pytest.mark.parametrize(
    ("probe", "reasons"),
    [
        (probed(), ()),
        (probed("vp8"), ("video (vp8)",)),
        (probed("vp8", ("vorbis",)), ("video (vp8)", "audio (vorbis)")),
        (probed(sounds=("aac", "dts")), ("audio (dts)",)),
        (probed(sounds=("nellymoser",)), ()),
        (probed(subtitles=("subrip", "mov_text")), ()),
        (probed(subtitles=("hdmv_pgs_subtitle", "ass")), ("subtitles (ass)", "subtitles (hdmv_pgs_subtitle)")),
        (probed(subtitles=("dvb_teletext",)), ()),
    ],
)
def test_a_film_is_an_mp4_unless_mp4_cannot_hold_something_in_it(probe: ProbeFacts, reasons: tuple[str, ...]) -> None:
    container = container_for(probe, burnt=False)
    assert container.reasons == reasons
    assert container.suffix == ("mkv" if reasons else "mp4")


def test_encoded_pictures_and_omitted_extras_do_not_rule_out_mp4() -> None:
    assert container_for(probed("vp8"), burnt=True).suffix == "mp4"
    assert container_for(probed(sounds=("aac", "dts"), subtitles=("ass",)), burnt=False, extras=False).suffix == "mp4"


def test_a_sound_that_no_container_holds_is_encoded_and_others_are_copied() -> None:
    tracks = sound_tracks(probed(sounds=("nellymoser", "aac")), "mp4", spoken="en", target="pt")
    assert [(track.source, track.codec) for track in tracks] == [("1:a:0", "copy"), ("0:1", "aac"), ("0:2", "copy")]


CODECS = st.sampled_from(sorted(MKV_SOUNDS | {"nellymoser"}))
CAPTIONS = st.sampled_from(sorted(TEXT_SUBTITLES | STYLED_SUBTITLES | {"dvb_teletext"}))


@given(
    st.sampled_from([*sorted(MP4_PICTURES), "vp8", "prores"]),
    st.lists(CODECS, min_size=1, max_size=4),
    st.lists(CAPTIONS, max_size=4),
    st.booleans(),
)
def test_every_track_appears_once_the_dub_first_and_is_copied_only_if_it_can_be(
    picture: str, sounds: list[str], subtitles: list[str], extras: bool
) -> None:
    probe = probed(picture, tuple(sounds), tuple(subtitles))
    suffix = container_for(probe, burnt=False, extras=extras).suffix
    heard = sound_tracks(probe, suffix, spoken="en", target="pt", extras=extras)
    read = subtitle_tracks(probe, suffix, ["pt", "en"], extras=extras)
    sources = [track.source for track in (*heard, *read)]
    assert len(set(sources)) == len(sources)
    assert sources[:2] == ["1:a:0", "0:1"]
    assert len(heard) == 1 + (len(sounds) if extras else 1)
    held = MP4_SOUNDS if suffix == "mp4" else MKV_SOUNDS
    for track, codec in zip(heard[1:], sounds, strict=False):
        assert (track.codec == "copy") == (codec in held)
    assert [track.disposition for track in heard].count("default+dub") == 1
    assert suffix == "mkv" or all(track.codec == "mov_text" for track in read)


def test_the_handler_name_is_written_where_players_show_it() -> None:
    tracks = sound_tracks(probed(), "mp4", spoken="en", target="pt-BR")
    assert "handler_name=Portuguese (BR) (dubbed)" in track_arguments(tracks, "mp4")
    arguments = track_arguments(tracks, "mkv")
    assert "title=Portuguese (BR) (dubbed)" in arguments and "language=por" in arguments
    assert not [argument for argument in arguments if argument.startswith("handler_name")]
