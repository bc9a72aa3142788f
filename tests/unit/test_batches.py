from __future__ import annotations

from dropdub.engines.devices.batches import Batches


def test_if_memory_runs_out_batches_get_smaller() -> None:
    assert [Batches(failures).size for failures in range(5)] == [16, 4, 1, 1, 1]
    assert Batches().announcement("nllb") == []
    assert Batches(1).announcement("nllb") == ["Memory ran out: nllb now translates 4 sentences at a time."]
    assert Batches(2).announcement("nllb") == ["Memory ran out: nllb now translates 1 sentence at a time."]
    assert not any(Batches(failures).leaves_card for failures in range(9))


def test_card_without_room_for_one_sentence_yields_to_cpu_with_full_batches() -> None:
    found = [Batches(failures, on_card=True) for failures in range(6)]
    assert [one.leaves_card for one in found] == [False, False, False, True, True, True]
    assert [one.size for one in found] == [16, 4, 1, 16, 4, 1]
