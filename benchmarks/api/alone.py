"""The same texts by the same engine in a process that does nothing else."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

SCRIPT = str(Path(__file__).resolve().parents[1] / "api.py")


class Alone:
    """Speaks texts in a process of its own, which keeps the engine loaded as a worker does."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def seconds(self, text: str, **params: Any) -> float:
        """Return how long the synthesis of a text takes, without files and without a queue."""
        return float(self._asked({"text": text, **params})["seconds"])

    def first_s(self, text: str) -> float:
        """Return how long the synthesis of its first piece takes."""
        return float(self._asked({"text": text, "only_first": True})["seconds"])

    def pcm(self, text: str, **params: Any) -> bytes:
        """Return the sound that the stage makes of a text: 16-bit samples at 24 kHz, as an answer has them."""
        return base64.b64decode(self._asked({"text": text, "sound": True, **params})["pcm"])

    def _asked(self, wish: dict[str, Any]) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        stdin.write(json.dumps(wish) + "\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer


@contextlib.contextmanager
def alone(engine: str) -> Iterator[Alone]:
    command = [sys.executable, SCRIPT, "--alone", engine]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        yield Alone(process)
        assert process.stdin is not None
        process.stdin.close()


def answer_wishes(engine: str) -> None:
    """Answer lines on standard input until it ends."""
    with tempfile.TemporaryDirectory() as folder:
        for number, line in enumerate(sys.stdin):
            wish = json.loads(line)
            answer = _stage(Path(folder) / str(number), engine, wish) if wish.get("sound") else _bare(engine, wish)
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


def _bare(engine: str, wish: dict[str, Any]) -> dict[str, Any]:
    from tests.integration.test_say import engines

    from dropdub.dubbing.cached_speech import CachedSpeech
    from dropdub.dubbing.said_pieces import said_pieces
    from dropdub.dubbing.voices import cast_voices
    from dropdub.pipeline.cache import Cache

    language, voice = wish.get("language", "en"), wish.get("voice")
    synthesizer = engines().synthesizer(engine, language=language)
    casting = cast_voices(synthesizer, [], language=language, voice=voice, voices=Path("none"), recorded=None)[None]
    speech = CachedSpeech(synthesizer, language, Cache(None, max_bytes=0))
    pieces = said_pieces(wish["text"])
    began = time.perf_counter()
    for piece in pieces[:1] if wish.get("only_first") else pieces:
        speech.sound(piece.text, 1.0, casting)
    return {"seconds": time.perf_counter() - began}


def _stage(folder: Path, engine: str, wish: dict[str, Any]) -> dict[str, Any]:
    from tests.integration.test_say import say

    from dropdub.web.speech.audio_format import AudioFormat
    from dropdub.web.speech.encoding import encoded

    params = {name: wish[name] for name in ("text", "language", "voice") if name in wish}
    said, _ = say(folder, engine=engine, **params)
    parts = [soundfile.read(path, dtype="int16")[0] for path in sorted((folder / "said").glob("*.wav"))]
    sound = encoded(np.concatenate(parts), int(said["sample_rate"]), AudioFormat.PCM)
    return {"pcm": base64.b64encode(sound).decode()}
