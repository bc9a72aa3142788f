"""What can be heard of a job: its original and its dubs, each with the files that play it, and its languages. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dropdub.publishing.deliverables import deliverable_name
from dropdub.report.contents import ORIGINAL
from dropdub.translations.words import Words
from dropdub.web.jobs.outputs import Output, media_type
from dropdub.web.jobs.shapes import Job

HEARD = "original"
_ANY_PLAYER = ("audio/x-matroska", "video/x-matroska")
"""Browsers refuse these types, but play some of the files: they have to try."""
_FILMS = ("mp4", "mkv")
_SOUNDS = ("m4a", "m4b")
_TEXTS = ("vtt", "srt", "ass", "txt")


@dataclass(frozen=True)
class Source:
    """A file to play; `type`: its media type, empty if the browser has to try it."""

    src: str
    type: str


@dataclass(frozen=True)
class Track:
    """The original (`id` is `original`), or the dub into the language `id`; `sources`: the best one first.

    `has_picture`: whether the first source has one.
    """

    id: str
    language: str
    name: str
    sources: tuple[Source, ...]
    has_picture: bool


@dataclass(frozen=True)
class Written:
    """A language in which the text of a job can be read. `target`: None for that of the recording.

    `subtitles`: the path of those that a browser shows; None if there are none.
    """

    target: str | None
    language: str
    name: str
    subtitles: str | None


@dataclass(frozen=True)
class Published:
    """The outputs of a job by name. `name`: after which they are named; `words`: those of the page."""

    job: Job
    name: str
    outputs: Mapping[str, Output]
    words: Words

    def path(self, suffix: str, target: str | None = None) -> str | None:
        """Return the path of an output on the server; None if there is none."""
        found = self.outputs.get(deliverable_name(self.name, suffix, target=target))
        return f"/v1/jobs/{self.job.id}/outputs/{found.number}" if found else None


def tracks_of(published: Published, recording: str | None) -> list[Track]:
    """Return what can be heard. `recording`: the media type of the recording that was dropped; None if it is gone."""
    job = published.job
    own = [Source(f"/v1/jobs/{job.id}/original", _type(recording))] if _is_media(recording) and recording else []
    own += _sources(published, None, (ORIGINAL,))
    has_picture = bool(recording and recording.startswith("video/"))
    found = [_track(published, HEARD, job.language or "", own, has_picture=has_picture)] if own else []
    for target in job.targets:
        films, sounds = _sources(published, target, _FILMS), _sources(published, target, _SOUNDS)
        if films or sounds:
            found.append(_track(published, target, target, [*films, *sounds], has_picture=bool(films)))
    return found


def written_in(published: Published) -> list[Written]:
    """Return the languages in which the text can be read."""
    languages: Sequence[str | None] = (None, *published.job.targets)
    return [_written(published, one) for one in languages if _has_text(published, one)]


def _written(published: Published, target: str | None) -> Written:
    language = target or published.job.language or ""
    return Written(target, language, published.words.title_of(language), published.path("vtt", target))


def _has_text(published: Published, target: str | None) -> bool:
    suffixes = _TEXTS if target else ("json",)
    return any(published.path(suffix, target) for suffix in suffixes)


def _track(published: Published, id_: str, language: str, sources: Sequence[Source], *, has_picture: bool) -> Track:
    return Track(id_, language, published.words.title_of(language), tuple(sources), has_picture)


def _sources(published: Published, target: str | None, suffixes: Sequence[str]) -> list[Source]:
    paths = ((published.path(suffix, target), suffix) for suffix in suffixes)
    return [Source(path, _type(media_type(f"x.{suffix}"))) for path, suffix in paths if path]


def _type(known: str | None) -> str:
    return "" if known is None or known in _ANY_PLAYER else known


def _is_media(known: str | None) -> bool:
    return known is not None and known.startswith(("audio/", "video/"))
