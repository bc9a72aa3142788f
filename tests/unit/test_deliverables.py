"""What users find in the outbox: its names and its texts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.config import JobOptions
from dropdub.files.durable import key
from dropdub.pipeline.artifacts import Segment
from dropdub.pipeline.facts import Facts
from dropdub.publishing.deliverables import as_text, deliverable_name, manifest, readable
from dropdub.publishing.manifest_file import MANIFEST

KINDS = [(suffix, target) for target in (None, "pt", "pt-BR") for suffix in ("txt", "srt", "vtt", "json", "m4a", "mp4")]


def lines(*texts: tuple[float, float, str]) -> list[Segment]:
    return [Segment(number, start, end, text) for number, (start, end, text) in enumerate(texts)]


def test_deliverables_are_named_after_the_dropped_file() -> None:
    assert deliverable_name("clip.mp4", "srt") == "clip.srt"
    assert deliverable_name("clip.mp4", "srt", target="pt") == "clip.pt.srt"
    assert deliverable_name("v1.2 final.mp4", "txt") == "v1.2 final.txt"
    assert deliverable_name("no suffix", "m4a", target="en") == "no suffix.en.m4a"


@pytest.mark.parametrize("name", ["x" * 250 + ".mp4", "é" * 125 + ".mp4", "🎬" * 62 + ".mp4"])
def test_long_names_are_cut_to_what_file_systems_allow(name: str) -> None:
    made = [deliverable_name(name, suffix, target=target) for suffix, target in KINDS]
    assert all(len(one.encode()) <= 255 - len(".part") - 1 for one in made)
    assert len(set(made)) == len(made)


@pytest.mark.parametrize("name", ["manifest.mp4", "Manifest.mp4", "MANIFEST.wav"])
def test_no_deliverable_takes_the_name_of_the_manifest(name: str) -> None:
    made = [deliverable_name(name, suffix, target=target) for suffix, target in KINDS]
    assert key(MANIFEST) not in {key(one) for one in made}
    assert len({key(one) for one in made}) == len(made)


@given(st.text(min_size=1, max_size=300))
def test_no_name_leads_out_of_the_folder_or_collides_with_another(name: str) -> None:
    made = [deliverable_name(name, suffix, target=target) for suffix, target in KINDS]
    assert not any(character in one for one in made for character in '/\\\0:*?"<>|')
    assert not {".", "..", ""} & set(made)
    assert len({key(one) for one in made}) == len(made)


def test_speech_is_split_into_paragraphs_at_longer_pauses() -> None:
    spoken = lines((0, 2, "One."), (2.2, 3, "Two\nthree."), (6, 7, "Four."), (7, 7, "  "))
    assert readable(spoken) == "One. Two three.\n\nFour.\n"


def test_a_long_paragraph_is_split_at_a_sentence_end() -> None:
    spoken = lines(*((number, number + 0.9, "word " * 20 + ("end." if number % 2 else "")) for number in range(20)))
    paragraphs = readable(spoken).strip().split("\n\n")
    assert len(paragraphs) > 1 and all(one.endswith("end.") for one in paragraphs)


def test_no_speech_is_an_empty_file() -> None:
    assert readable([]) == "" and as_text([]) == ""


def test_the_manifest_names_each_engine_once_with_all_its_steps() -> None:
    engine = {"name": "pocketsphinx", "version": "5.1", "details": {}}
    facts: dict[str, Any] = {
        "probe": {"size": 10, "kind": "media"},
        "extract": {"content_hash": "ab", "duration_s": 2.0, "warnings": ["Short."]},
        "transcribe/0000": {"engine": engine, "seconds": 1.5},
        "transcribe/0001": {"engine": engine},
        "merge": {"language": "en", "warnings": ["Short.", "Odd."]},
        "publish/transcript": {"deliverables": [{"name": "b", "size": 1, "sha256": "x"}]},
    }
    made = manifest(job_id=7, job_name="a.mp4", kind="media", options=JobOptions(), facts=Facts(facts), created="now")
    assert made["engines"] == [{**engine, "steps": ["transcribe/0000", "transcribe/0001"]}]
    assert made["job"] == {"id": 7, "name": "a.mp4", "kind": "media"}
    assert made["warnings"] == ["Short.", "Odd."]
    assert made["inputs"] == [{"name": "a.mp4", "size": 10, "sha256": "ab", "duration_s": 2.0}]
    assert {"step": "transcribe/0000", "seconds": 1.5} in made["steps"]
    assert made["outputs"] == [{"name": "b", "size": 1, "sha256": "x"}]
