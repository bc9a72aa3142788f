"""The dub of a text as an audio file with what its book says: title, author, cover, and a chapter for each heading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dropdub.dubbing.measured_lines import lengths_in_samples, line_files
from dropdub.errors import MediaToolFailed, NotText, TooLarge
from dropdub.languages import display_name, three_letters
from dropdub.media.ffmpeg import BITEXACT, input_arguments, picture_arguments, run_ffmpeg
from dropdub.media.sound.master import TO_THE_SAMPLE
from dropdub.pipeline.artifacts import Transcript, dub_name, translation_name
from dropdub.pipeline.dropped_file import DroppedFile
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.work_folder import WorkFolder
from dropdub.text.chapters import Chapter, as_ffmetadata, chapters
from dropdub.text.documents import BookDetails, cover_of, details_of
from dropdub.text.paragraph_times import starts_in_a_row

_HELD = ("jpg", "png")
_AS_JPEG = "Save the cover as a JPEG picture to have it there."


@dataclass
class Audiobook:
    """The dub of the text `source` into `target`. `warnings` grows by what could not be kept."""

    source: DroppedFile
    work: WorkFolder
    facts: Facts
    target: str
    warnings: list[str] = field(default_factory=list)

    def write(self, name: str, *, deadline_s: float, progress: Callable[[float], None]) -> int:
        """Write the artifact `name`, without re-encoding; return its number of chapters. An unusable cover is left out.

        Raises MediaToolFailed, and OSError.
        """
        details = self._details()
        title = f"{details.title or Path(self.source.name).stem} ({display_name(self.target)})"
        found = self._chapters(title)
        notes = self.work.prepared_scratch() / "chapters.txt"
        tags = {"artist": details.author, "album_artist": details.author, "album": details.title}
        notes.write_text(as_ffmetadata(found, title=title, tags=tags), encoding="utf-8")
        cover = self._cover()
        try:
            self._run(name, notes, cover, deadline_s=deadline_s, progress=progress)
        except MediaToolFailed:
            if cover is None:
                raise
            self._warn(f"The cover of {self.source.name} could not be embedded, so its audiobook has none.")
            self._run(name, notes, None, deadline_s=deadline_s, progress=progress)
        return len(found)

    def _chapters(self, title: str) -> list[Chapter]:
        translation = Transcript.load(self.work.path / translation_name(self.target))
        rate = self.facts.synthesis(self.target).sample_rate
        lengths = lengths_in_samples(line_files(self.work.path, self.facts, self.target), rate)
        starts = {id_: start / rate for id_, start in starts_in_a_row(lengths, rate).items()}
        return chapters(translation.segments, starts, title=title, end=self.facts.dub_length_s(self.target))

    def _details(self) -> BookDetails:
        try:
            return details_of(self.source.path)
        except (NotText, TooLarge) as error:
            self._warn(error.message)
            return BookDetails()

    def _cover(self) -> Path | None:
        try:
            cover = cover_of(self.source.path)
        except (NotText, TooLarge) as error:
            self._warn(error.message)
            return None
        if cover is None:
            return None
        if cover.suffix not in _HELD:
            kind = cover.suffix.upper()
            self._warn(f"The cover of {self.source.name} is a {kind} picture, so its audiobook has none. {_AS_JPEG}")
            return None
        path = self.work.prepared_scratch() / f"cover.{cover.suffix}"
        path.write_bytes(cover.data)
        return path

    def _warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def _run(
        self, name: str, notes: Path, cover: Path | None, *, deadline_s: float, progress: Callable[[float], None]
    ) -> None:
        sound = input_arguments(self.work.path / dub_name(self.target, "m4a"))
        picture = picture_arguments(cover, kind=cover.suffix[1:]) if cover else []
        shown = ["-map", "2:v", "-disposition:v:0", "attached_pic"] if cover else []
        tags = ["-metadata:s:a:0", f"language={three_letters(self.target)}", "-metadata", "genre=Audiobook"]
        with self.work.written(name) as part:
            run_ffmpeg(
                [
                    *(*sound, "-f", "ffmetadata", "-i", str(notes), *picture),
                    *("-map", "0:a", *shown, "-map_metadata", "1", "-map_chapters", "1", "-c", "copy"),
                    *(*BITEXACT, *tags, *TO_THE_SAMPLE, "-movflags", "+faststart", "-f", "ipod", str(part)),
                ],
                deadline_s=deadline_s,
                progress=progress,
            )
