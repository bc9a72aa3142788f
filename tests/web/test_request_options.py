"""Whatever a form holds, it is refused in one sentence or makes options that a job accepts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dropdub.config import JobOptions
from dropdub.web.answering.errors import ApiError
from dropdub.web.fields import Fields
from dropdub.web.transcripts.asr_request import read_asr
from dropdub.web.transcripts.openai_request import read_transcription, read_translation

NAMES = """
language languages[] prompt keywords[] temperature response_format timestamp_granularities[] include[] stream target
chunking_strategy chunking_strategy[type] chunking_strategy[threshold] known_speaker_names[] known_speaker_references[]
task output encode initial_prompt word_timestamps diarize min_speakers max_speakers
"""
VALUES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["pt", "pt_BR", "english", "auto", "0.5", "1e999", "true", "server_vad", "word", "{}", "\x00", "\ud800"]
    ),
)
FORMS = st.lists(st.tuples(st.sampled_from(NAMES.split()), VALUES), max_size=6)


@settings(max_examples=300, deadline=None)
@given(FORMS)
def test_a_form_is_refused_in_one_sentence_or_makes_valid_options(form: list[tuple[str, str]]) -> None:
    fields = Fields.of([("model", "whisper-1"), *form])
    for read in (read_transcription, read_translation, read_asr):
        try:
            request = read(fields)
        except ApiError as error:
            assert error.status == 400 and error.param and error.message.endswith(".") and "\n" not in error.message
        else:
            JobOptions().overridden(request.job_options())
            assert "\n".join(request.warnings()).isascii()
