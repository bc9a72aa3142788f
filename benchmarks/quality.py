"""How good the output is with real models: words, times, invented text, speed, compared with faster-whisper's own ways.

    python benchmarks/quality.py [--quick] [--only PART,PART...] [--long] [--model NAME]... [--models DIR] [--clips DIR]
        [--pairs FILE] [--engine] [--write]

Parts: hearing, times, invented, language, speed, translation, speech. The material is made of the clips of real speech
in `tests/data/ljspeech` and `benchmarks/clips`, or of those in `--clips DIR`, a folder of FLAC or WAV files with a
`transcripts.tsv` (a name without suffix, a tab, the text). Each way runs in fresh processes, on the same recordings,
with the same model in int8 on the processor, beam 5 and word times:

- plain, vad_filter, batched: faster-whisper's own ways with their defaults, and as many threads as there are cores;
- batched, 1 thread: the same as batched; the threads of one process wait for each other, which costs CPU time;
- whisperX, stable-ts: if they are installed, and their models of their own are here;
- engine: the program's engine on the program's windows in one process, without the program around it (`--engine`);
- Dropdub: `dropdub run` in a fresh root, whole.

Translation and speech: all of the program's engines that can be used here, with 30 sentences in two languages, or with
those of `--pairs FILE`: English, a tab, Portuguese in each line.

`--model` names the Whisper model, and more than one if it is given several times; without it, that is whisper-tiny.en.
`--quick` takes one long recording, and hearing, times and speed. `--write` puts the tables into README.md. Without
`--models`, a folder with a folder for each model, the models are fetched by `dropdub models pull`. Needs the extras
`quality` and `dev`.
"""

from __future__ import annotations

import signal
import sys

from quality import engines, ways
from side import INTERRUPTED, run_requested_side


def main() -> None:
    from quality.bench import main  # not by the sides: what it imports would count as their cost

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main()
    except FileNotFoundError as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    if not run_requested_side(ways.SIDES | engines.SIDES):
        main()
