"""Read the cues of YouTube's json3."""

from __future__ import annotations

import json
from typing import Any

from dropdub.errors import NotText
from dropdub.subtitles.raw_cues import RawCue, RawCues


def json3_cues(text: str) -> RawCues:
    """Return the cues of a json3 file. Raises NotText if it is damaged."""
    try:
        events = json.loads(text)["events"]
        found = RawCues()
        found.cues = [_cue(event) for event in events if event.get("segs")]
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        remedy = "Download it again, or save it as .srt, then drop that."
        raise NotText("Its JSON is damaged.", remedy=remedy) from error
    return found


def _cue(event: dict[str, Any]) -> RawCue:
    start = float(event["tStartMs"]) / 1000
    lasts = event.get("dDurationMs")
    end = None if lasts is None else start + float(lasts) / 1000
    return RawCue(start, end, "".join(str(part.get("utf8", "")) for part in event["segs"]))
