"""Print the table in `engines/models/firefox.py` from Mozilla's records of the Firefox Translations models.

    python benchmarks/firefox_models.py RECORDS [PAIR]... [--repository CLONE]

RECORDS is the address or a file of the JSON of `buckets/main/collections/translations-models/records` on the server of
Firefox's settings. Of each pair, the newest version that is no test version is printed. With a clone of
mozilla/firefox-translations-models, the SHA-256 of each model is compared with the one that Mozilla states there: `!`
marks a pair whose model it does not have.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2

from dropdub.engines.models.firefox import PUBLISHED, Published

FILES = ("model", "lex", "vocab", "srcvocab", "trgvocab")
_RELEASE = re.compile(r"\d+(\.\d+)*")
_TIMEOUT_S = 60.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", help="address or file")
    parser.add_argument(
        "pairs", nargs="*", default=list(PUBLISHED), metavar="PAIR", help="such as en-es; default: those in the table"
    )
    parser.add_argument("--repository", type=Path, help="a clone of mozilla/firefox-translations-models")
    asked = parser.parse_args()
    records = json.loads(read(asked.records))["data"]
    for pair in asked.pairs:
        show(pair, newest(records, pair), asked.repository)
    return 0


def read(where: str) -> str:
    if where.startswith("https://"):
        return httpx2.get(where, timeout=_TIMEOUT_S).raise_for_status().text
    return Path(where).read_text(encoding="utf-8")


def newest(records: list[Mapping[str, Any]], pair: str) -> list[Mapping[str, Any]]:
    """Return the records of the newest released version of a pair, in the order of `FILES`."""
    own = [
        one
        for one in records
        if f"{one['fromLang']}-{one['toLang']}" == pair
        and one["fileType"] in FILES
        and _RELEASE.fullmatch(one["version"])
    ]
    last = max((numbers(one["version"]) for one in own), default=())
    found = [one for one in own if numbers(one["version"]) == last]
    return sorted(found, key=lambda one: FILES.index(one["fileType"]))


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def show(pair: str, records: list[Mapping[str, Any]], repository: Path | None) -> None:
    if not records:
        return say(f"! {pair}: there is no released version.")
    model = records[0]["attachment"]["hash"]
    mark = "" if repository is None or model in set(stated(repository, pair)) else "! "
    say(f'{mark}    "{pair}": {{  # {records[0]["version"]}')
    for record in records:
        found = record["attachment"]
        file = Published(found["location"].rpartition("/")[2], found["size"], found["hash"])
        say(f'        "{record["name"]}": Published(')
        say(f'            "{file.path}", {file.size:_}, "{file.sha256}"')
        say("        ),")
    say("    },")
    return None


def stated(repository: Path, pair: str) -> Iterator[str]:
    """Yield the SHA-256 of every model that the repository has ever had for a pair."""
    path = f"models/*/{pair.replace('-', '')}/metadata.json"
    history = git(repository, "log", "--all", "-p", "--format=", "--", path)
    yield from re.findall(r'^\+\s*"hash": "([0-9a-f]{64})"', history, re.MULTILINE)


def git(repository: Path, *words: str) -> str:
    command = ["git", "-C", str(repository), *words]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
