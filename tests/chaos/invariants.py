"""What must hold for a root at rest, read only from its files and its database: no code of Dropdub is used.

python tests/chaos/invariants.py ROOT [HASHES.json]
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

ENDED = ("succeeded", "failed", "cancelled")
OUR_OWN = (".error.txt", ".job.yaml")


def broken(
    root: Path, dropped: Mapping[str, int] | None = None, *, same_database: bool = True, database: Path | None = None
) -> list[str]:
    """Return a sentence for each invariant that does not hold. `dropped`: how often each SHA-256 was dropped.

    `same_database`: whether the database is the one that saw all of it; a new one, or an older copy, knows of fewer
    jobs, but every original must be there. `database`: its file, if it is not in the root.
    """
    return _broken(root, dropped, same_database, sqlite3.connect(_uri(database or root / "jobs.db"), uri=True))


def _uri(file: Path) -> str:
    return f"{file.absolute().as_uri()}?mode=ro"


def _broken(
    root: Path, dropped: Mapping[str, int] | None, same_database: bool, database: sqlite3.Connection
) -> list[str]:
    database.row_factory = sqlite3.Row
    try:
        return [
            *_originals(root, dropped or {}),
            *_jobs(database, dropped if same_database else None),
            *_outputs(database),
            *_steps(database),
            *_leftovers(root, database),
        ]
    finally:
        database.close()


def originals(root: Path, folders: Mapping[str, Path]) -> Counter[str]:
    """Return how often each SHA-256 occurs in inbox, archive, failed and work; `folders`: those that are elsewhere."""
    places = {"inbox": ".", "archive": ".", "failed": ".", "work": "*/source"}
    return Counter(
        _sha256(file) for name, place in places.items() for file in _files(folders.get(name, root / name), place)
    )


def _originals(root: Path, dropped: Mapping[str, int]) -> Iterator[str]:
    found = originals(root, {})
    for digest, times in dropped.items():
        if found[digest] != times:
            yield f"original {digest[:12]} dropped {times} times stands {found[digest]} times"


def _files(root: Path, place: str) -> Iterator[Path]:
    for folder in [root] if place == "." else root.glob(place):
        yield from (file for file in folder.rglob("*") if file.is_file() and not file.name.endswith(OUR_OWN))


def _jobs(database: sqlite3.Connection, dropped: Mapping[str, int] | None) -> Iterator[str]:
    jobs = database.execute(
        "SELECT * FROM job WHERE origin IN ('dropped', 'uploaded') AND (reason IS NULL OR reason NOT LIKE '%vanished%')"
    ).fetchall()
    beside = sum(job["companion"] is not None for job in jobs)
    if dropped is not None and len(jobs) + beside != sum(dropped.values()):
        yield f"{sum(dropped.values())} files dropped, {len(jobs)} jobs, {beside} subtitles with them"
    for job in jobs:
        if job["state"] in ENDED and job["companion"] and not Path(job["companion"]).exists():
            yield f"job {job['id']} says its subtitle is at {job['companion']}: it is not"
        if job["state"] in ENDED and not Path(job["source"]).exists():
            yield f"job {job['id']} says its original is at {job['source']}: it is not"


def _outputs(database: sqlite3.Connection) -> Iterator[str]:
    for job in database.execute("SELECT * FROM job WHERE state = 'succeeded' AND dup_of IS NULL"):
        if job["published"] is None and "copy of the database" in (job["reason"] or ""):
            continue  # it was published by a run that this older copy does not know
        manifest = Path(job["published"]) / "manifest.json"
        if not manifest.is_file():
            yield f"job {job['id']} succeeded without a manifest"
            continue
        for output in json.loads(manifest.read_text(encoding="utf-8"))["outputs"]:
            file = manifest.parent / output["name"]
            if not file.is_file() or _sha256(file) != output["sha256"]:
                yield f"{file} is not what the manifest of job {job['id']} says"
        listed = {output["name"] for output in json.loads(manifest.read_text(encoding="utf-8"))["outputs"]}
        strange = {file.name for file in manifest.parent.iterdir()} - listed - {"manifest.json"}
        if strange:
            yield f"{manifest.parent} has files that no manifest lists: {sorted(strange)}"


def _steps(database: sqlite3.Connection) -> Iterator[str]:
    query = """SELECT step.key, step.state, job.id FROM step JOIN job ON job.id = step.job_id
               WHERE step.state = 'running'
               OR (step.state = 'queued' AND job.state IN ('succeeded','failed','cancelled'))"""
    for key, state, job_id in database.execute(query):
        yield f"step {key} of job {job_id} is {state}"
    for row in database.execute("SELECT id, step_id FROM attempt WHERE ended_at IS NULL OR outcome IS NULL"):
        yield f"attempt {row['id']} of step {row['step_id']} has no end"
    twice = """SELECT step_id FROM attempt WHERE outcome = 'succeeded' GROUP BY step_id HAVING count(*) > 1"""
    for (step_id,) in database.execute(twice):
        yield f"step {step_id} succeeded twice"


def _leftovers(root: Path, database: sqlite3.Connection) -> Iterator[str]:
    unfinished = {str(row["id"]) for row in database.execute("SELECT id, state FROM job") if row["state"] not in ENDED}
    for folder in (root / "work").iterdir():
        if folder.name.isdigit() and folder.name not in unfinished:
            yield f"work folder {folder.name} has no unfinished job"
    for pattern in (
        "work/*/tmp/*",
        "work/run/*.lock",
        "work/run/*.tmp",
        "outbox/.dropdub",
        "outbox/.dropdub-*-*",
        "archive/**/.*.part",
        "failed/**/.*.part",
    ):
        for left in root.glob(pattern):
            yield f"temporary file left: {left.relative_to(root)}"


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    hashes = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")) if len(sys.argv) > 2 else None
    sentences = broken(Path(sys.argv[1]), hashes)
    sys.stdout.write("".join(f"{sentence}\n" for sentence in sentences) or "all invariants hold\n")
    sys.exit(1 if sentences else 0)
