"""The planner: which steps follow from what is known, and in which order they may run."""

from __future__ import annotations

from typing import Any

import pytest

from dropdub.config import JobOptions, Mix
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.plan import first_steps, job_facts, plan
from dropdub.pipeline.request import Request, Wanted

VIDEO = {"kind": "media", "video": {"index": 0, "codec": "h264", "width": 640, "height": 360, "fps": 25.0}}
SOUND = {"kind": "media", "video": None}
TEXT = {"kind": "text", "video": None}
TWO_CHUNKS = {"chunks": [[0.0, 700.0], [700.0, 1500.0]]}


def keys(facts: dict[str, Any], **options: Any) -> list[str]:
    return [step.key for step in plan(JobOptions.model_validate(options), Facts(facts))]


def test_a_job_begins_by_probing_its_file() -> None:
    assert [step.key for step in first_steps()] == ["probe"]
    assert keys({}, targets=["pt"]) == ["probe"]


def test_a_recording_is_planned_as_far_as_its_chunks_are_known() -> None:
    assert keys({"probe": VIDEO}) == ["probe", "extract"]
    assert keys({"probe": VIDEO, "extract": {}}) == ["probe", "extract", "split"]
    known = {"probe": VIDEO, "extract": {}, "split": TWO_CHUNKS}
    chunks = ["transcribe/0000", "transcribe/0001"]
    assert keys(known) == ["probe", "extract", "split", *chunks, "diarize", "merge"]
    assert keys(known, speakers="one") == ["probe", "extract", "split", *chunks, "merge"]


def test_recording_without_speech_is_neither_transcribed_nor_compared() -> None:
    facts: dict[str, Any] = {"probe": VIDEO, "extract": {}, "split": {"chunks": []}}
    assert keys(facts, speakers="all", targets=["pt"]) == ["probe", "extract", "split", "merge"]


def test_known_speakers_are_recognised_in_the_transcript_if_anybody_speaks() -> None:
    asked = Request(Wanted.TRANSCRIPT, {}, speakers=("Ana", "Rui"))
    assert Request.of_row(asked.to_json()) == asked
    options = JobOptions(speakers="all")
    known: dict[str, Any] = {"probe": SOUND, "extract": {}, "split": TWO_CHUNKS, "merge": {"segments": 2}}
    steps = {step.key: step for step in plan(options, Facts(known), asked)}
    assert steps["extract"].params == {"speakers": ["Ana", "Rui"]}, "what cannot be heard is refused early"
    step = steps["diarize/names"]
    assert (step.stage, step.pool, step.params) == (
        "diarize",
        "synthesize",
        {"by": "names", "speakers": ["Ana", "Rui"]},
    )
    assert steps["merge"].phase < step.phase < steps["publish/transcript"].phase
    silent = plan(options, Facts({**known, "split": {"chunks": []}, "merge": {"segments": 0}}), asked)
    assert "diarize/names" not in [step.key for step in silent]
    assert "diarize/names" not in [step.key for step in plan(options, Facts(known), Request(Wanted.TRANSCRIPT, {}))]


@pytest.mark.parametrize(
    ("options", "compared"),
    [
        (JobOptions(), False),
        (JobOptions(targets=("pt",)), True),
        (JobOptions(speakers="all"), True),
        (JobOptions(targets=("pt",), speakers="one"), False),
    ],
)
def test_voices_are_compared_for_a_dub_or_if_asked(options: JobOptions, compared: bool) -> None:
    assert options.compares_voices is compared


def test_each_chunk_is_one_step_with_its_range() -> None:
    steps = plan(JobOptions(), Facts({"probe": SOUND, "extract": {}, "split": TWO_CHUNKS}))
    second = next(step for step in steps if step.key == "transcribe/0001")
    assert second.params == {"start": 700.0, "end": 1500.0, "ordinal": 1}
    assert second.pool == "transcribe" and second.target is None


def test_voices_are_compared_in_a_separate_step_if_the_first_asks_for_it() -> None:
    known: dict[str, Any] = {"probe": VIDEO, "extract": {}, "split": TWO_CHUNKS, "diarize": {"how": "channels"}}
    assert "diarize/voices" not in keys(known)
    steps = plan(JobOptions(), Facts({**known, "diarize": {"how": "voices"}}))
    [step] = [step for step in steps if step.key == "diarize/voices"]
    assert (step.stage, step.pool, step.params) == ("diarize", "synthesize", {"by": "voices"})
    phases = {step.key: step.phase for step in steps}
    assert phases["transcribe/0001"] < phases["diarize"] < step.phase < phases["merge"]
    assert "publish/transcript" not in [one.key for one in steps]


def test_a_video_gets_a_branch_for_each_target_and_the_manifest_last() -> None:
    facts: dict[str, Any] = {
        "probe": VIDEO,
        "extract": {},
        "split": TWO_CHUNKS,
        "merge": {"language": "en", "skipped": []},
    }
    branch = [
        "translate/{}",
        "publish/translation.{}",
        "synthesize/{}",
        "mix/{}",
        "publish/dub.{}",
        "mux/{}",
        "publish/video.{}",
    ]
    found = keys(facts, targets=["pt", "es"])[7:]
    assert found[0] == "publish/transcript" and found[-1] == "publish/manifest"
    assert [key for key in found if key.endswith(("/pt", ".pt"))] == [key.format("pt") for key in branch]
    assert [key for key in found if key.endswith(("/es", ".es"))] == [key.format("es") for key in branch]


def test_a_sound_file_gets_no_video() -> None:
    facts: dict[str, Any] = {"probe": SOUND, "extract": {}, "split": TWO_CHUNKS, "merge": {"language": "en"}}
    assert not [key for key in keys(facts, targets=["pt"]) if "mux" in key or "video" in key]


def test_a_target_that_is_skipped_gets_no_branch() -> None:
    facts: dict[str, Any] = {"probe": VIDEO, "split": TWO_CHUNKS, "merge": {"language": "en", "skipped": ["en-GB"]}}
    targets = {step.target for step in plan(JobOptions(targets=("en-GB", "pt")), Facts(facts))}
    assert targets == {None, "pt"}


def test_a_text_is_neither_cut_nor_transcribed_and_has_no_transcript_to_publish() -> None:
    assert keys({"probe": TEXT}, targets=["pt"]) == ["probe", "extract"]
    facts: dict[str, Any] = {"probe": TEXT, "extract": {"language": "en", "skipped": []}}
    assert keys(facts, targets=["pt"])[2:] == [
        "translate/pt",
        "publish/translation.pt",
        "synthesize/pt",
        "mix/pt",
        "publish/dub.pt",
        "publish/report",
        "publish/manifest",
    ]


def test_a_text_without_targets_is_read_in_its_own_language() -> None:
    facts: dict[str, Any] = {"probe": TEXT, "extract": {"language": "de", "skipped": []}}
    assert {step.target for step in plan(JobOptions(), Facts(facts))} == {None, "de"}


def test_the_phases_keep_every_step_after_what_it_needs() -> None:
    facts: dict[str, Any] = {"probe": VIDEO, "extract": {}, "split": TWO_CHUNKS, "merge": {"language": "en"}}
    steps = {step.key: step for step in plan(JobOptions(targets=("pt",)), Facts(facts))}
    order = [
        "probe",
        "extract",
        "split",
        "transcribe/0000",
        "merge",
        "publish/transcript",
        "translate/pt",
        "publish/translation.pt",
        "synthesize/pt",
        "mix/pt",
        "publish/dub.pt",
        "mux/pt",
        "publish/video.pt",
        "publish/report",
        "publish/manifest",
    ]
    phases = [steps[key].phase for key in order]
    assert phases == sorted(set(phases))
    assert steps["publish/manifest"].target is None
    pools = {key: steps[key].pool for key in ("translate/pt", "synthesize/pt", "mix/pt", "publish/dub.pt")}
    assert list(pools.values()) == ["translate", "synthesize", "media", "media"]


def test_a_dub_gets_a_report_unless_configured_otherwise() -> None:
    facts: dict[str, Any] = {"probe": SOUND, "extract": {}, "split": TWO_CHUNKS, "merge": {"language": "en"}}
    assert keys(facts, targets=["pt"])[-2:] == ["publish/report", "publish/manifest"]
    assert "publish/report" not in keys(facts, targets=["pt"], report=False)
    assert "publish/report" not in keys(facts), "there is no dub to report of"
    facts["merge"]["skipped"] = ["en-GB"]
    assert "publish/report" not in keys(facts, targets=["en-GB"])


def test_copied_voices_are_compared_when_all_is_delivered() -> None:
    facts: dict[str, Any] = {"probe": VIDEO, "extract": {}, "split": TWO_CHUNKS, "merge": {"language": "en"}}
    facts["synthesize/pt"] = {"hear": False, "cloned": []}
    assert "compare/pt" not in keys(facts, targets=["pt"])
    facts["synthesize/pt"]["cloned"] = [None]
    found = keys(facts, targets=["pt"])
    assert found[-4:] == ["publish/video.pt", "compare/pt", "publish/report", "publish/manifest"]


def test_a_dub_is_rated_only_if_something_that_rates_sound_is_installed() -> None:
    facts: dict[str, Any] = {"probe": VIDEO, "extract": {}, "split": TWO_CHUNKS, "merge": {"language": "en"}}
    facts["synthesize/pt"] = {"hear": False, "cloned": [], "sound": True}
    assert keys(facts, targets=["pt"])[-3:] == ["compare/pt", "publish/report", "publish/manifest"]
    text: dict[str, Any] = {"probe": {"kind": "text"}, "extract": {"language": "en"}}
    assert "compare/pt" not in keys(text, targets=["pt"])
    text["synthesize/pt"] = {"sound": True}
    assert keys(text, targets=["pt"])[-3:] == ["compare/pt", "publish/report", "publish/manifest"]


def test_voices_are_removed_in_the_pool_of_the_engines() -> None:
    options = JobOptions(targets=("pt",), mix=Mix(separate=True))
    facts: dict[str, Any] = {"probe": SOUND, "extract": {}, "split": TWO_CHUNKS, "merge": {"language": "en"}}
    step = next(step for step in plan(options, Facts(facts)) if step.key == "mix/pt")
    assert (step.pool, step.params) == ("synthesize", {"separate": True})


def test_planning_again_gives_the_same_steps() -> None:
    facts: dict[str, Any] = {"probe": VIDEO, "extract": {}, "split": TWO_CHUNKS, "merge": {"language": "en"}}
    options = JobOptions(targets=("pt", "es"))
    assert plan(options, Facts(facts)) == plan(options, Facts(facts))
    earlier = plan(options, Facts({"probe": VIDEO, "split": TWO_CHUNKS}))
    assert {step.key for step in earlier} <= {step.key for step in plan(options, Facts(facts))}


def test_a_job_learns_from_results_what_its_row_shows() -> None:
    assert job_facts("probe", {"kind": "media", "duration_s": 3.0, "language": "pt"}) == {
        "kind": "media",
        "duration_s": 3.0,
        "warnings": (),
    }
    learnt = job_facts("extract", {"content_hash": "ab", "duration_s": 2.9, "warnings": ["Ends early."]})
    assert learnt == {"content_hash": "ab", "duration_s": 2.9, "warnings": ("Ends early.",)}
    assert job_facts("merge", {"language": "en", "segments": 3}) == {"language": "en", "warnings": ()}


def test_lines_not_understood_are_spoken_and_verified_again_up_to_five_times() -> None:
    facts: dict[str, Any] = {"probe": SOUND, "extract": {}, "split": TWO_CHUNKS, "merge": {"language": "en"}}

    def takes() -> list[str]:
        return [key for key in keys(facts, targets=["pt"]) if key.startswith(("synthesize", "hear"))]

    assert takes() == ["synthesize/pt"]
    facts["synthesize/pt"] = {"hear": False}
    assert takes() == ["synthesize/pt"]
    facts["synthesize/pt"] = {"hear": True}
    assert takes() == ["synthesize/pt", "hear/pt"]
    facts["hear/pt"] = {"again": []}
    assert takes() == ["synthesize/pt", "hear/pt"]
    facts["hear/pt"] = {"again": [3, 5]}
    assert takes() == ["synthesize/pt", "hear/pt", "synthesize/pt/1"]
    for take in range(1, 9):
        facts[f"synthesize/pt/{take}"] = {"hear": True}
        facts[f"hear/pt/{take}"] = {"again": [5]}
    steps = plan(JobOptions(targets=("pt",)), Facts(facts))
    assert takes()[-1] == "hear/pt/4"
    assert next(step for step in steps if step.key == "synthesize/pt/1").params == {"take": 1, "lines": [3, 5]}
    phases = {step.key: step.phase for step in steps}
    assert phases["hear/pt/4"] < phases["mix/pt"], "the dub is put together when all is heard"
    assert phases["synthesize/pt/1"] > phases["hear/pt"]


def with_words(target: str | None, *, revises: bool = False) -> dict[str, Any]:
    return {**VIDEO, "words": {"name": "clip.srt", "target": target, "cues": 3, "revises": revises}}


def test_with_a_user_supplied_transcript_nothing_is_transcribed() -> None:
    facts = {"probe": with_words(None), "extract": {}, "split": TWO_CHUNKS}
    assert keys(facts) == ["probe", "extract", "split", "diarize", "merge"]
    assert keys(facts, speakers="one") == ["probe", "extract", "split", "merge"]


def test_a_film_with_a_user_supplied_translation_is_still_transcribed() -> None:
    facts = {"probe": with_words("pt"), "extract": {}, "split": TWO_CHUNKS}
    assert "transcribe/0001" in keys(facts, targets=["pt"])


def test_a_corrected_transcript_redoes_all_targets_without_transcribing() -> None:
    facts = {"probe": with_words(None, revises=True), "extract": {}}
    assert keys(facts, targets=["pt", "es"]) == ["probe", "extract", "merge"]
    found = keys({**facts, "merge": {"language": "en", "skipped": []}}, targets=["pt", "es"])
    assert found[3] == "publish/transcript" and {"translate/pt", "translate/es"} < set(found)


def test_a_corrected_translation_redoes_only_its_own_branch() -> None:
    facts = {"probe": with_words("pt", revises=True), "extract": {}, "merge": {"language": "en", "skipped": []}}
    assert keys(facts, targets=["pt", "es"]) == [
        *("probe", "extract", "merge", "translate/pt", "publish/translation.pt", "synthesize/pt", "mix/pt"),
        *("publish/dub.pt", "mux/pt", "publish/video.pt", "publish/report", "publish/manifest"),
    ]
