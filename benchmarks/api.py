"""The API's own goals, measured: what a request costs more than the work itself, and what others see meanwhile.

    python benchmarks/api.py [--only PART,PART...] [--requests N] [--mixed N] [--slow MINUTES] [--long MINUTES]
                             [--folder DIR] [--models DIR]

Parts: overhead, dub, first, busy, duplicates, mixed, soak, start, slow, long, peers. Each starts a daemon with its web
server in a fresh root (`--folder`: where) and engines of `plugins/light`; `mixed` and `peers` take hibari as well. Bare
synthesis and requests take turns, so that both have the same machine. `long` and `peers` need `--models DIR` with
whisper-base.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from api import alone, load, peers, slow, speech
from api.figures import HEAD
from side import show

PARTS = speech.PARTS | load.PARTS | slow.PARTS


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default=",".join([*PARTS, "long", "peers"]))
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--mixed", type=int, default=2000)
    parser.add_argument("--soak", type=int, default=2000)
    parser.add_argument("--slow", type=int, default=1)
    parser.add_argument("--long", type=int, default=180)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--models", type=Path)
    given = parser.parse_args()
    show(HEAD)
    sizes = {"soak": given.soak, "mixed": given.mixed, "duplicates": 50, "first": 20, "slow": given.slow}
    for part in given.only.split(","):
        if part == "long" and given.models:
            slow.long(given.folder, given.models, given.long)
        elif part == "peers" and given.models:
            peers.compare(given.folder, given.models)
        elif part in PARTS:
            PARTS[part](given.folder, sizes.get(part, given.requests))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        alone.answer_wishes(sys.argv[2])
    elif sys.argv[1:2] == ["--peer"]:
        peers.serve(*sys.argv[2:])
    else:
        main()
