"""enroll: checks a recording that is to become a voice, and makes one of it."""

from __future__ import annotations

from dropdub.media.sound.voice_check import GOOD_S
from dropdub.media.voice_recording import RATE, best_part, length_s, save_voice
from dropdub.pipeline.artifacts import VOICE
from dropdub.pipeline.task import Result, Task
from dropdub.speech.voice_recordings import check_recording

SEARCHED_S = 3600.0
"""How much of a recording is searched for its best half minute."""


def run(task: Task) -> Result:
    """Write voice.wav into the results, unless there are `problems`: sentences on what makes the recording unusable.

    Also returns its `seconds` and `level_db`. Raises NotMedia if it is not a recording, or has no sound.
    """
    scratch = task.prepared_scratch()
    length_s(task.source)
    samples = best_part(task.source, scratch=scratch, deadline_s=task.deadline_s, longest_s=SEARCHED_S)
    check = check_recording(samples, RATE, scratch=scratch, least_s=GOOD_S)
    if not check.problems:
        assert task.results is not None
        save_voice(samples, task.results / VOICE, scratch=scratch)
    return {
        "seconds": round(check.seconds, 1),
        "level_db": round(check.level_db, 1),
        "problems": list(check.problems),
        "warnings": list(check.warnings),
    }
