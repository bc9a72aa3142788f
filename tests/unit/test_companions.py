"""Which subtitle belongs to which film."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.inbox.companions import companion_name, companions, is_spare, owner_of, spare_subtitles


@pytest.mark.parametrize(
    ("subtitle", "films", "owner"),
    [
        ("clip.srt", ["clip.mp4"], "clip.mp4"),
        ("CLIP.EN.SRT", ["Clip.mp4"], "Clip.mp4"),
        ("clip.en.srt", ["clip.mp4", "clip.en.mp4"], "clip.en.mp4"),
        ("clip.srt", ["clip.wav", "clip.mp4"], "clip.mp4"),
        ("clip.two.srt", ["clip.mp4"], None),
        ("clip.srt", ["clip.txt", "clip.srt", "other.mp4"], None),
        ("Let.It.Be.srt", ["Let.It.Be.mp4", "Let.mp4"], "Let.It.Be.mp4"),
        ("Sick.Of.It.en.srt", ["Sick.Of.mp4", "Sick.Of.It.mp4"], "Sick.Of.It.mp4"),
        ("It.srt", ["It.mkv"], "It.mkv"),
        ("clip.en.forced.srt", ["clip.mkv"], "clip.mkv"),
        ("clip 2.srt", ["clip.mkv"], None),
        ("What is it.srt", ["What is.mkv"], None),
        ("ação.srt", ["ac\u0327a\u0303o.mp4"], "ac\u0327a\u0303o.mp4"),
    ],
)
def test_a_subtitle_belongs_to_the_film_of_its_name(subtitle: str, films: list[str], owner: str | None) -> None:
    assert owner_of(subtitle, films) == owner


def test_of_several_subtitles_the_one_without_a_language_goes_with_the_film() -> None:
    names = ["clip.mp4", "clip.en.srt", "clip.pt.srt", "clip.vtt"]
    assert companions(names) == {"clip.mp4": "clip.vtt"}
    assert companions(names[:-1]) == {"clip.mp4": "clip.en.srt"}


def test_a_subtitle_of_the_whole_text_is_used_before_a_partial_one_and_one_with_sounds() -> None:
    names = ["a.mkv", "a.en.forced.srt", "a.en.sdh.srt", "a.en.srt", "a.pt.srt"]
    assert companions(names) == {"a.mkv": "a.en.srt"}
    assert companions(names[:3]) == {"a.mkv": "a.en.sdh.srt"}
    assert companions(names[:2]) == {"a.mkv": "a.en.forced.srt"}
    assert companions(["a.mkv", "a.en.srt", "a.default.pt.srt"]) == {"a.mkv": "a.default.pt.srt"}


def test_of_the_subtitles_of_each_language_one_is_used() -> None:
    names = ["a.mkv", "a.en.srt", "a.en.sdh.srt", "a.en.forced.srt", "a.pt.forced.srt", "a.pt.srt", "a.pt.hi.srt"]
    assert set(spare_subtitles(names)) == {"a.en.sdh.srt", "a.en.forced.srt", "a.pt.forced.srt", "a.pt.hi.srt"}
    assert not is_spare("a.en.srt", beside="a.en.srt", film="a.mkv"), "a corrected one"
    two_languages = ["a.mkv", "a.de.srt", "a.de.hi.srt", "a.en.srt", "a.en.hi.srt", "a.fr.hi.srt"]
    assert set(spare_subtitles(two_languages)) == {"a.de.hi.srt", "a.en.hi.srt"}


NAMES = st.sampled_from(["a", "b", "a.en", "b.pt-BR", "a.two"])
ENDINGS = st.sampled_from([".mp4", ".MKV", ".srt", ".vtt", ".txt", ""])


@given(st.lists(st.tuples(NAMES, ENDINGS).map("".join), unique=True))
def test_every_subtitle_goes_with_one_film_at_most_and_every_film_with_one_subtitle(names: list[str]) -> None:
    found = companions(names)
    assert len(set(found.values())) == len(found)
    assert all(owner_of(subtitle, names) == film for film, subtitle in found.items())


@pytest.mark.parametrize(
    ("film", "subtitle", "name"),
    [
        ("clip.mp4", "clip.srt", "clip.srt"),
        ("clip.mp4", "CLIP.en.SRT", "clip.en.SRT"),
        ("clip (2).mp4", "clip.pt-BR.vtt", "clip (2).pt-BR.vtt"),
        ("clip.mp4", "clip (2).English.SDH.srt", "clip.English.SDH.srt"),
        ("Let.It.Be (2).mp4", "Let.It.Be.srt", "Let.It.Be (2).srt"),
        ("clip.en.mp4", "clip.en.srt", "clip.en.srt"),
        ("x" * 251 + ".mp4", "x" * 251 + ".srt", "x" * 251 + ".srt"),
    ],
)
def test_a_subtitle_is_renamed_along_with_its_film(film: str, subtitle: str, name: str) -> None:
    assert companion_name(film, subtitle) == name


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=255), st.sampled_from(["a.srt", "a.pt-BR.vtt"]))
def test_the_name_beside_a_film_always_fits(stem: str, subtitle: str) -> None:
    assert len(companion_name(stem.replace("/", "_") + ".mp4", subtitle).encode()) <= 255


def test_pictures_of_subtitles_are_not_taken_for_those_of_their_film() -> None:
    assert companions(["a.mp4", "a.idx", "a.sub", "b.avi", "b.sub"]) == {"b.avi": "b.sub"}
