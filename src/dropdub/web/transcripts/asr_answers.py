"""The answers of `/asr` and `/detect-language`, as whisper-asr-webservice writes them.

Sources: its `app/webservice.py`, `app/utils.py` and engines; whisperX's writers for the names of speakers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from dropdub.pipeline.artifacts import Segment, Transcript
from dropdub.web.transcripts import captions
from dropdub.web.transcripts.asr_request import AsrRequest, Output
from dropdub.web.transcripts.figures import described
from dropdub.web.transcripts.language import whisper_code, whisper_name
from dropdub.web.transcripts.speakers import numbered
from dropdub.web.transcripts.wording import said, spaced

CONTENT_TYPE = "text/plain; charset=utf-8"
"""Of all its formats."""
_LONGEST_NAME = 200


def answer(transcript: Transcript, request: AsrRequest) -> str:
    """Return the body of `/asr`: one of its five formats."""
    return _OUTPUTS[request.output](transcript, request)


def headers(transcript: Transcript, request: AsrRequest, file_name: str) -> Mapping[str, str]:
    """Return the headers of `/asr`: the engine, and the name under which a browser saves the answer."""
    engine = quote(str(transcript.engine.get("name", "dropdub")), safe=" ()+")
    name = f"{quote(file_name[:_LONGEST_NAME], errors='replace')}.{request.output}"
    return {"Asr-Engine": engine, "Content-Disposition": f'attachment; filename="{name}"'}


def detected(tag: str, confidence: float) -> str:
    """Return the body of `/detect-language`."""
    found = {"detected_language": whisper_name(tag), "language_code": whisper_code(tag), "confidence": confidence}
    return json.dumps(found)


def _txt(transcript: Transcript, request: AsrRequest) -> str:
    return "".join(f"{segment.text}\n" for segment in _labelled(transcript, request).segments)


def _srt(transcript: Transcript, request: AsrRequest) -> str:
    return captions.srt(_labelled(transcript, request))


def _vtt(transcript: Transcript, request: AsrRequest) -> str:
    return captions.vtt(_labelled(transcript, request))


def _tsv(transcript: Transcript, _request: AsrRequest) -> str:
    return "".join(["start\tend\ttext\n", *map(_row, said(transcript.segments))])


def _row(segment: Segment) -> str:
    return f"{_ms(segment.start)}\t{_ms(segment.end)}\t{segment.text}\n"


def _ms(moment_s: float) -> int:
    return round(1000 * moment_s)


def _json(transcript: Transcript, request: AsrRequest) -> str:
    segments = said(transcript.segments)
    texts = list(spaced(segment.text for segment in segments))
    pairs = enumerate(zip(segments, texts, strict=True), start=1)
    found = [_segment(number, segment, text, request) for number, (segment, text) in pairs]
    if request.diarize:
        names = numbered(segments)
        found = [{**one, "speaker": names[segment.speaker]} for one, segment in zip(found, segments, strict=True)]
    return json.dumps({"language": whisper_code(transcript.language), "segments": found, "text": "".join(texts)})


def _segment(number: int, segment: Segment, text: str, request: AsrRequest) -> dict[str, Any]:
    return {**described(number, segment, text), "words": _words(segment) if request.word_timestamps else None}


def _words(segment: Segment) -> Sequence[dict[str, Any]]:
    texts = spaced(word.text for word in segment.words)
    return [
        {"start": word.start, "end": word.end, "word": text, "probability": word.probability}
        for word, text in zip(segment.words, texts, strict=True)
    ]


def _labelled(transcript: Transcript, request: AsrRequest) -> Transcript:
    """Return a transcript without empty segments, whose texts start with their speakers if those were asked for.

    Its segments then name no speaker: a cue of two would mark them a second time, by dashes.
    """
    segments = said(transcript.segments)
    if request.diarize:
        names = numbered(segments)
        segments = tuple(replace(one, text=f"[{names[one.speaker]}]: {one.text}", speaker=None) for one in segments)
    return replace(transcript, segments=segments)


_OUTPUTS: dict[Output, Callable[[Transcript, AsrRequest], str]] = {
    Output.TXT: _txt,
    Output.VTT: _vtt,
    Output.SRT: _srt,
    Output.TSV: _tsv,
    Output.JSON: _json,
}
