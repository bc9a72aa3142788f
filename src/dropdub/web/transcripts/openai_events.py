"""The events of a transcription that is streamed: what was understood so far, then who said what, then the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dropdub.pipeline.artifacts import Segment
from dropdub.web.answering.event_stream import event
from dropdub.web.transcripts.openai_answers import Heard, languages, logprobs, spoken_segments, usage
from dropdub.web.transcripts.openai_request import TranscriptionRequest
from dropdub.web.transcripts.wording import GrowingLine, said, whole_text, words_of


class TranscriptEvents:
    """Makes the events of one stream. Call `delta` for each window as it is understood, in order, and `end` once.

    Clients join the deltas. The last event holds the text as it is after cleanup, which may differ from them.
    """

    def __init__(self, request: TranscriptionRequest) -> None:
        self._request = request
        self._line = GrowingLine()

    def delta(self, segments: Sequence[Segment]) -> bytes:
        """Return the event with the text of the next segments; empty if nothing was said.

        It has no `segment_id`: who speaks is only known at the end of the recording.
        """
        spoken = said(segments)
        if not spoken:
            return b""
        fields: dict[str, Any] = {"type": "transcript.text.delta", "delta": self._line.add(spoken)}
        if self._request.logprobs:
            fields["logprobs"] = logprobs([word for segment in spoken for word in segment.words])
        return event(fields)

    def end(self, heard: Heard) -> bytes:
        """Return the last events: each segment with its speaker if `diarized_json` was asked for, and the end."""
        segments = spoken_segments(heard) if self._request.diarized else []
        return b"".join([*map(event, segments), event(self._done(heard))])

    def _done(self, heard: Heard) -> dict[str, Any]:
        transcript = heard.transcript
        fields = {"text": whole_text(transcript.segments), "languages": languages(transcript), "usage": usage(heard)}
        measured = {"logprobs": logprobs(words_of(transcript))} if self._request.logprobs else {}
        return {"type": "transcript.text.done", **fields, **measured}
