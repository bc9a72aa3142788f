"""A transcript of two people, as requests get it, and its translation."""

from __future__ import annotations

from dropdub.pipeline.artifacts import OtherLanguage, Segment, TimedWord, Transcript

ENGINE = {"name": "faster-whisper", "version": "1.2.0"}
TEXT = "Good morning, everyone. Is it <b>ten</b>? It is, João."
TRANSCRIPT = Transcript(
    "en",
    8.25,
    (
        Segment(
            0,
            0.5,
            2.0,
            "Good morning, everyone.",
            (
                TimedWord(0.5, 0.8, "Good", 0.5),
                TimedWord(0.8, 1.2, "morning,", 0.25),
                TimedWord(1.2, 2.0, "everyone.", 1.0),
            ),
            "S1",
        ),
        Segment(1, 2.5, 3.5, "Is it <b>ten</b>?", (), "S1"),
        Segment(2, 3.6, 3.7, " ", (), "S1"),
        Segment(3, 4.25, 6.0, "It is,\tJoão.", (TimedWord(4.25, 6.0, "João.", 0.0),), "S2"),
    ),
    ENGINE,
    others=(OtherLanguage(7.0, 8.0, "pt-BR"),),
)
TRANSLATION = Transcript(
    "pt-BR", 8.25, (Segment(0, 0.5, 2.0, "Bom dia a todos."), Segment(1, 2.5, 3.5, "São dez?")), ENGINE, "en"
)
JAPANESE = Transcript("ja", 3.0, (Segment(0, 0.0, 1.0, "おはよう。"), Segment(1, 1.0, 2.0, "元気？")), ENGINE)
NOTHING = Transcript("und", 3.0, (), ENGINE)
