"""Which engine when: by task, languages, machine, and whether results are used commercially.

`CHOICES` is what the table in docs/engines.md is made of, and what `dropdub doctor`, `setup` and `engines guide` say
about this machine. Which Whisper model fits is not decided here, but in `dropdub.engines.models.recommended`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Literal

from dropdub.engines.licence import Commercial
from dropdub.engines.models.catalogue import DEFAULT_MODELS, GB
from dropdub.engines.models.recommended import WHISPER, Machine, recommended
from dropdub.languages import primary

Purpose = Literal["private", "commercial"]
PURPOSES: tuple[Purpose, ...] = ("private", "commercial")
Basis = Literal["measured", "claim"]
"""Whether a reason was measured with Dropdub, or is what the model's authors or other people say."""
NAMED_SIZE = 0.92
"""How much of the memory that a computer or card is sold with it reports at least: the rest is kept by the system."""


class Kind(IntEnum):
    """A kind of machine; each can do what those before it can."""

    SMALL = 8
    """A processor and 8 GB of memory."""
    MIDDLE = 16
    """A processor and 16 GB of memory."""
    CARD = 24
    """A graphics card with 8 GB or more."""


KINDS: Mapping[Kind, str] = {
    Kind.SMALL: "processor, 8 GB",
    Kind.MIDDLE: "processor, 16 GB",
    Kind.CARD: "graphics card, 8 GB",
}
"""What the kinds of machines are called."""
EXAMPLES: Mapping[Kind, Machine] = {
    Kind.SMALL: Machine(8 * GB, None, cores=4),
    Kind.MIDDLE: Machine(16 * GB, None, cores=6),
    Kind.CARD: Machine(16 * GB, None, cores=6, card_bytes=8 * GB),
}
"""A usual machine of each kind, for tables."""


class Goal(StrEnum):
    """What an engine is wanted for."""

    TRANSCRIBE = "transcription"
    TRANSLATE = "translation"
    SPEAK = "speech"
    CLONE = "cloned voice"
    SPEAKERS = "who speaks"
    SEPARATE = "removing voices"


class Spoken(StrEnum):
    """The languages that a choice is for."""

    EN_PT = "English, Portuguese"
    OTHER = "other languages"
    ANY = "any language"


@dataclass(frozen=True)
class Choice:
    """An engine that is a good choice for a task. `least`: the smallest machine that it suits.

    `why` is a reason, as the end of a sentence; `basis` and `source` say where it comes from.
    """

    task: Goal
    engine: str
    spoken: Spoken
    commercial: Commercial
    why: str
    basis: Basis
    source: str
    least: Kind = Kind.SMALL
    model: str | None = None

    def suits(self, kind: Kind, spoken: Spoken, purpose: Purpose) -> bool:
        allowed = purpose == "private" or self.commercial == "yes"
        return allowed and self.least <= kind and self.spoken in (spoken, Spoken.ANY)


HERE = "docs/engines.md"
CHOICES: tuple[Choice, ...] = (
    Choice(
        *(Goal.TRANSCRIBE, WHISPER, Spoken.ANY, "yes"),
        why="whisper-base made 1.3 % wrong words in long English recordings",
        basis="measured",
        source="benchmarks/README.md",
    ),
    Choice(
        *(Goal.TRANSCRIBE, WHISPER, Spoken.ANY, "yes"),
        why="whisper-turbo makes the fewest errors that a usual computer can reach: 5.6 % in Portuguese (MLS)",
        basis="claim",
        source="Open ASR leaderboard",
        model="whisper-turbo",
    ),
    Choice(
        *(Goal.TRANSCRIBE, "parakeet", Spoken.EN_PT, "yes"),
        why="36 times as fast as speech where that is clear; more errors in films",
        basis="claim",
        source="onnx-asr, Open ASR leaderboard",
        model="parakeet-tdt-0.6b-v3",
    ),
    Choice(
        *(Goal.TRANSLATE, "openai", Spoken.ANY, "ask"),
        why="knows the context of a line; as good as the model that your own server runs",
        basis="claim",
        source="the makers of Hy-MT and TranslateGemma",
        least=Kind.CARD,
    ),
    Choice(
        *(Goal.TRANSLATE, "bergamot", Spoken.EN_PT, "yes"),
        why="BLEU 79 and 80 on 30 plain sentences, 200 sentences a second on one core, 130 MB",
        basis="measured",
        source=HERE,
        model="bergamot-en-pt",
    ),
    Choice(
        *(Goal.TRANSLATE, "quickmt", Spoken.EN_PT, "yes"),
        why="COMET 89.3 into Portuguese; but not run here, and others got nothing usable from it: compare it first",
        basis="claim",
        source="quickmt, and a public comparison",
    ),
    Choice(
        *(Goal.TRANSLATE, "nllb", Spoken.OTHER, "no"),
        why="one model for 104 languages",
        basis="claim",
        source="NLLB Team 2022",
        model="nllb-200-distilled-600M",
    ),
    Choice(
        *(Goal.TRANSLATE, "quickmt", Spoken.OTHER, "yes"),
        why="27 languages from and into English, a model for each pair; credit the authors",
        basis="claim",
        source="quickmt, OPUS-MT",
    ),
    Choice(
        *(Goal.TRANSLATE, "transformers", Spoken.OTHER, "yes"),
        why="MADLAD-400 for 419 languages; 12 GB to download, slow without a card",
        basis="claim",
        source="Kudugunta and others 2023",
        least=Kind.MIDDLE,
        model="madlad400-3b-mt",
    ),
    Choice(
        *(Goal.TRANSLATE, "bergamot", Spoken.OTHER, "yes"),
        why="Spanish, French, German, Italian and Russian; others lack their model",
        basis="claim",
        source="Firefox Translations",
        model="bergamot-en-es",
    ),
    Choice(
        *(Goal.SPEAK, "hibari", Spoken.EN_PT, "yes"),
        why="for English: 1 % of words misheard, 0.01 s for a second of speech",
        basis="measured",
        source=HERE,
    ),
    Choice(
        *(Goal.SPEAK, "kokoro", Spoken.EN_PT, "yes"),
        why="for Portuguese: 3 % of words misheard (espeak-ng: 42 %), 0.3 s for a second of speech",
        basis="measured",
        source=HERE,
        model="kokoro-82m",
    ),
    Choice(
        *(Goal.SPEAK, "kokoro", Spoken.OTHER, "yes"),
        why="Spanish, French, Italian and Hindi, with the voices of kokoro-voices",
        basis="claim",
        source="hexgrad/Kokoro-82M",
        model="kokoro-82m",
    ),
    Choice(
        *(Goal.SPEAK, "espeak-ng", Spoken.OTHER, "yes"),
        why="the last resort for about a hundred languages: half of the Portuguese words are misheard",
        basis="measured",
        source="benchmarks/README.md",
    ),
    Choice(
        *(Goal.CLONE, "xtts", Spoken.ANY, "no"),
        why="17 languages; the speech may not be used commercially either",
        basis="claim",
        source="Coqui",
        least=Kind.CARD,
        model="xtts-v2",
    ),
    Choice(
        *(Goal.CLONE, "pocket-tts", Spoken.EN_PT, "yes"),
        why="2 to 6 times as fast as speech on a processor; credit Kyutai, and accept its terms before the download",
        basis="claim",
        source="Kyutai",
    ),
    Choice(
        *(Goal.CLONE, "xtts", Spoken.ANY, "no"),
        why="also without a graphics card; how long that takes was not measured",
        basis="claim",
        source="Coqui",
        model="xtts-v2",
    ),
    Choice(
        *(Goal.CLONE, "pocket-tts", Spoken.OTHER, "yes"),
        why="French, German, Italian, Spanish and Dutch, with a model for each",
        basis="claim",
        source="Kyutai",
    ),
    Choice(
        *(Goal.SPEAKERS, "campplus", Spoken.ANY, "yes"),
        why="0.7 % errors in 1.6 s of speech of 263 voices (resemblyzer: 3.4 %), and no torch",
        basis="measured",
        source=HERE,
    ),
    Choice(
        *(Goal.SPEAKERS, "resemblyzer", Spoken.ANY, "yes"),
        why="one speaker heard as several in 1 of 108 recordings",
        basis="measured",
        source="benchmarks/README.md",
    ),
    Choice(
        *(Goal.SEPARATE, "demucs", Spoken.ANY, "yes"),
        why="the cleaner background",
        basis="claim",
        source="Demucs",
        least=Kind.MIDDLE,
    ),
    Choice(
        *(Goal.SEPARATE, "demucs", Spoken.ANY, "yes"),
        why="1.2 s of one core for a second of sound, 1.5 GB of memory",
        basis="measured",
        source=HERE,
        least=Kind.MIDDLE,
    ),
    Choice(
        *(Goal.SEPARATE, "spleeter", Spoken.ANY, "yes"),
        why="0.05 s of one core for a second of sound, 0.7 GB of memory",
        basis="measured",
        source=HERE,
    ),
    Choice(
        *(Goal.SEPARATE, "spleeter", Spoken.ANY, "yes"),
        why="leaves more of the voices in the background",
        basis="claim",
        source="Défossez 2021 (Demucs)",
    ),
)
"""The best choice for each task first."""
ROWS: tuple[tuple[Goal, Spoken], ...] = (
    (Goal.TRANSCRIBE, Spoken.EN_PT),
    (Goal.TRANSCRIBE, Spoken.OTHER),
    (Goal.TRANSLATE, Spoken.EN_PT),
    (Goal.TRANSLATE, Spoken.OTHER),
    (Goal.SPEAK, Spoken.EN_PT),
    (Goal.SPEAK, Spoken.OTHER),
    (Goal.CLONE, Spoken.EN_PT),
    (Goal.CLONE, Spoken.OTHER),
    (Goal.SPEAKERS, Spoken.ANY),
    (Goal.SEPARATE, Spoken.ANY),
)
"""The rows of the table."""
_TOGETHER = {(Goal.SPEAK, Spoken.EN_PT), (Goal.SPEAK, Spoken.OTHER)}
"""Tasks for which one engine alone does not know all languages of the row."""


def kind_of(machine: Machine) -> Kind:
    """Return the kind that a machine is of. Small also stands for less: then nothing larger is recommended."""
    if machine.card_bytes >= NAMED_SIZE * 8 * GB:
        return Kind.CARD
    return Kind.MIDDLE if machine.memory_bytes >= NAMED_SIZE * 16 * GB else Kind.SMALL


def best(
    task: Goal, spoken: Spoken, kind: Kind, purpose: Purpose, *, among: Collection[str] | None = None
) -> tuple[Choice, ...]:
    """Return what to choose for a task: one engine, or all that it takes for the languages of the row; empty if none.

    `among`: the names of the engines that may be chosen; None for all of the guide.
    """
    suiting = (one for one in CHOICES if one.task is task and one.suits(kind, spoken, purpose))
    found = [one for one in suiting if among is None or one.engine in among]
    return tuple(found if (task, spoken) in _TOGETHER else found[:1])


def measured_translator(source: str, target: str) -> str | None:
    """Return the translator whose model is the one to get for a pair, because its translations were measured here.

    None for other pairs: there, the engine of the highest rank is.
    """
    if {primary(source), primary(target)} != {"en", "pt"}:
        return None
    return best(Goal.TRANSLATE, Spoken.EN_PT, Kind.SMALL, "commercial")[0].engine


def advice(
    machine: Machine, purpose: Purpose, *, among: Collection[str], spoken: Collection[Spoken] = (Spoken.EN_PT,)
) -> Iterator[tuple[Goal, tuple[str, ...]]]:
    """Yield what to choose on a machine: for each task for these languages, the engines with their models."""
    kind = kind_of(machine)
    for task in Goal:
        wanted = [language for row, language in ROWS if row is task and language in (*spoken, Spoken.ANY)]
        chosen = [one for language in wanted for one in best(task, language, kind, purpose, among=among)]
        if chosen:
            yield task, tuple(dict.fromkeys(shown(one, machine) for one in chosen))


def shown(choice: Choice, machine: Machine) -> str:
    """Return an engine's name, with its model if it has several: for Whisper, the one that suits the machine."""
    if choice.engine == WHISPER:
        return f"{WHISPER} ({recommended(machine).name})"
    usual = DEFAULT_MODELS.get(choice.engine)
    plain = choice.model is None or choice.model == usual or choice.model.startswith(choice.engine)
    return choice.engine if plain else f"{choice.engine} ({choice.model})"


def cell(task: Goal, spoken: Spoken, kind: Kind, *, among: Collection[str] | None = None) -> dict[Purpose, str]:
    """Return a cell of the table: what to choose for each purpose; empty for none."""
    chosen = {purpose: best(task, spoken, kind, purpose, among=among) for purpose in PURPOSES}
    names = {purpose: [shown(one, EXAMPLES[kind]) for one in found] for purpose, found in chosen.items()}
    return {purpose: ", ".join(dict.fromkeys(found)) for purpose, found in names.items()}
