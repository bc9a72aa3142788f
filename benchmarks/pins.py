"""Print what a hub currently has of the known models, in the form of `engines/models/pins.py`. Use it to change a pin.

    python benchmarks/pins.py [MODEL]... [--mirror URL]

Small files are downloaded and hashed; for large ones, the hub's own hash is printed. Compare both with another source
before you change a pin. `!` marks a difference from the existing pin.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from dropdub.engines.models.catalogue import MODELS, named
from dropdub.engines.models.download.hub import Hub
from dropdub.engines.models.download.origin import RemoteFile, Supply
from dropdub.engines.models.download.transfer import Patience, fetch
from dropdub.engines.models.known import Source


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="default: all")
    parser.add_argument("--mirror")
    asked = parser.parse_args()
    hub = Hub(asked.mirror)
    models = [named(name) for name in asked.models] or list(MODELS)
    for source in {source.repository: source for model in models for source in model.sources}.values():
        if source.repository:
            show(hub, source)
    return 0


def show(hub: Hub, source: Source) -> None:
    files = hub.files(replace(source, revision="main", pins={}))
    is_same = source.revision == files[0].revision
    say(f'{"" if is_same else "! "}"{source.repository}": Pinned("{files[0].revision}", {{')
    for file in files:
        pin, found = source.pins.get(file.name), file.sha256 or summed(hub, file)
        mark = "" if pin is not None and (pin.size, pin.sha256) == (file.size, found) else "! "
        say(f'  {mark}"{file.name}": Pin({file.size:_}, "{found}"),')
    say("}),")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def summed(hub: Hub, file: RemoteFile) -> str:
    supply = Supply(hub.place, file.size, hub.opened, lambda _: None)
    with tempfile.TemporaryDirectory() as folder:
        return fetch(supply, file, Path(folder) / file.name, patience=Patience())


if __name__ == "__main__":
    sys.exit(main())
