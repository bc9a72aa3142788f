"""The words that a voice is copied from are the cleanest there are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dropdub.dubbing.voice_sample import LEAST_S, MOST_S, Candidate, cleanest
from dropdub.media.sound.spans import Span


def candidate(
    start: float,
    length: float,
    *,
    probability: float = 0.9,
    level: float = -20.0,
    over_noise: float = 40.0,
    clipped: float = 0.0,
) -> Candidate:
    return Candidate(Span(start, start + length), probability, level, over_noise, clipped)


def test_clear_words_are_preferred_to_doubtful_clipped_faint_and_noisy_ones() -> None:
    good = candidate(50, 7)
    others = [candidate(0, 7, probability=0.4), candidate(10, 7, clipped=0.05), candidate(20, 7, level=-45.0)]
    others.append(candidate(30, 7, over_noise=10.0))
    assert cleanest([*others, good]) == [good.span]


def test_several_short_stretches_are_joined_in_their_order() -> None:
    found = cleanest([candidate(10 * number, 2.0) for number in range(8)])
    assert [span.start for span in found] == sorted(span.start for span in found)
    assert LEAST_S <= sum(span.duration_s for span in found) <= MOST_S


def test_little_speech_is_used_as_it_is_and_no_speech_gives_no_sample() -> None:
    assert cleanest([candidate(3, 1.5)]) == [Span(3, 4.5)]
    assert cleanest([]) == []


@given(st.lists(st.builds(candidate, st.floats(0, 999), st.floats(0.1, 60), probability=st.floats(0, 1)), max_size=30))
def test_sample_has_at_most_fifteen_seconds_and_at_least_six_if_available(candidates: list[Candidate]) -> None:
    total = sum(span.duration_s for span in cleanest(candidates))
    assert total <= MOST_S + 1e-6
    assert total >= min(LEAST_S, sum(one.span.duration_s for one in candidates)) - 1e-6
