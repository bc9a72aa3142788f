"""Voices over HTTP: a real server with its daemon, whose synthesizer is espeak-ng."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import wave
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import openai
import psutil
import pytest

from dropdub.failpoints import VARIABLE
from tests.acceptance.served import Served
from tests.acceptance.site import Site
from tests.waiting import wait_until
from tests.web.open_webui import OpenWebUi

AGREED = json.dumps({"by": "Ana Lima", "statement": "Dropdub may speak with my voice."})
FAILPOINTS = {"enrolled": "voice.enrolled=kill", "synthesizing": "stage.synthesize=stop"}
"""By the names of their flags. They act while their flag is missing: see `Voices.once`."""
ANOTHER = Path(__file__).parents[1] / "data" / "ljspeech" / "LJ001-0001.flac"


class Voices(Served):
    """A served root, and what is done with its voices."""

    @property
    def folder(self) -> Path:
        return self.site.root / "voices"

    def send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return httpx2.request(method, self.address + path, headers=headers, timeout=60, trust_env=False, **options)

    def clone(self, name: str, recording: Path, **fields: str) -> httpx2.Response:
        given = {"name": name, "consent": AGREED, **fields}
        return self.send(
            "POST", "/v1/clone-voice", data=given, files={"file": (recording.name, recording.read_bytes())}
        )

    def consent(self, name: str) -> Mapping[str, Any]:
        """Return the consent that stands beside a voice."""
        found: Mapping[str, Any] = json.loads((self.folder / f"{name}.consent.json").read_text("utf-8"))
        return found

    @contextlib.contextmanager
    def once(self, flag: str) -> Iterator[Path]:
        """Let the failpoint with this flag act once within the block."""
        file = self.site.root / flag
        file.unlink()
        yield file
        file.touch()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voices]:
    made = Voices(Site(tmp_path_factory.mktemp("voices") / "root"))
    root = made.site.root
    (root / "models" / "whisper-tiny").mkdir(parents=True)
    for flag in FAILPOINTS:
        (root / flag).touch()
    made.start(**{VARIABLE: ";".join(f"{place}@{root / flag}" for flag, place in FAILPOINTS.items())})
    yield made
    made.close()
    made.site.stop()


def noise(path: Path, seconds: float) -> Path:
    """Write noise to a WAV file."""
    samples = np.random.default_rng(0).normal(0, 2_000, round(seconds * 16_000))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def followed_by_silence(speech: Path, path: Path) -> Path:
    """Write the first three seconds of speech and six of silence to a WAV file."""
    with wave.open(str(speech)) as source, wave.open(str(path), "wb") as file:
        file.setparams(source.getparams())
        file.writeframes(source.readframes(3 * source.getframerate()))
        file.writeframes(bytes(2 * 6 * source.getframerate()))
    return path


def test_a_voice_is_cloned_listed_heard_and_removed(served: Voices, speech: Path) -> None:
    answer = served.clone("João P", speech)
    assert answer.status_code == 201, answer.text
    voice = answer.json()["voice"]
    assert (voice["name"], voice["seconds"], voice["problems"], voice["prepared"]) == ("João P", 11.0, [], False)
    assert voice["level_db"] == pytest.approx(-20, abs=1)
    assert (voice["consent"]["by"], voice["consent"]["statement"]) == ("Ana Lima", "Dropdub may speak with my voice.")
    kept = served.consent("João P")
    assert kept["recording"] == hashlib.sha256(speech.read_bytes()).hexdigest()
    assert kept["voice"] == hashlib.sha256((served.folder / "João P.wav").read_bytes()).hexdigest()
    events = served.site.rows("SELECT text FROM event WHERE job_id = ?", answer.headers["x-dropdub-job"])
    assert "Became the voice João P, with the consent of Ana Lima" in {event["text"] for event in events}
    assert voice in served.send("GET", "/v1/voices").json()["voices"]
    assert served.send("GET", "/v1/voices/João P").json()["voice"] == voice
    sample = served.send("GET", voice["sample_url"], headers={"range": "bytes=0-3"})
    assert (sample.status_code, sample.content) == (206, b"RIFF")
    assert httpx2.get(served.address + voice["sample_url"], trust_env=False).status_code == 401
    assert served.send("DELETE", "/v1/voices/João P").status_code == 204
    assert not list(served.folder.glob("João*"))
    assert served.send("GET", voice["sample_url"]).status_code == 404


@pytest.mark.parametrize("consent", ["", '{"by": "Ana"}', '{"by": "", "statement": "I agree"}', '"yes"'])
def test_without_consent_nothing_is_cloned_and_the_answer_says_what_to_send(
    served: Voices, speech: Path, consent: str
) -> None:
    answer = served.clone("nobody", speech, consent=consent)
    assert answer.status_code in (403, 404)
    if answer.status_code == 403:
        assert '{"by": "their name", "statement": "what they agree to"}' in answer.json()["error"]["message"]
    assert not (served.folder / "nobody.wav").exists()


def test_a_recording_that_is_too_short_or_noise_is_refused_with_its_problems(
    served: Voices, speech_wav: Path, tmp_path: Path
) -> None:
    short = served.clone("short", noise(tmp_path / "short.wav", 4.0))
    noisy = served.clone("noise", noise(tmp_path / "noise.wav", 8.0))
    silent = served.clone("silent", followed_by_silence(speech_wav, tmp_path / "silent.wav"))
    assert [answer.status_code for answer in (short, noisy, silent)] == [422, 422, 422]
    assert short.json()["problems"][0] == "It is too short: 4.0 s. At least 6 s is needed; 6 to 30 s is best."
    assert "hardly stands out from the noise" in noisy.json()["problems"][0]
    assert re.fullmatch(
        r"Somebody speaks for only \d\.\d s of it\. At least 6 s of speech are needed\.", *silent.json()["problems"]
    )
    assert noisy.headers["x-should-retry"] == "false"
    assert served.clone("text", Path(__file__)).status_code == 415


def test_of_two_at_once_with_the_same_name_one_gets_it(served: Voices, speech: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda file: served.clone("both", file), (speech, ANOTHER)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    won = speech if answers[0].status_code == 201 else ANOTHER
    assert served.consent("both")["recording"] == hashlib.sha256(won.read_bytes()).hexdigest()
    assert served.send("GET", "/v1/voices/both").json()["voice"]["consent"]["by"] == "Ana Lima"
    lost = ANOTHER if won is speech else speech
    assert served.clone("both", lost, replace="true").status_code == 201


@pytest.mark.parametrize("name", ["../config", "..", "a/b", "a\\b", ".hidden", "con", "ã" * 140, "x\0y", "Default"])
def test_no_name_leads_out_of_the_folder_of_voices(served: Voices, speech: Path, name: str) -> None:
    before = sorted(served.site.root.iterdir())
    assert served.clone(name, speech).status_code == 400
    quoted = "".join(f"%{byte:02x}" for byte in name.encode())
    for method, path in (("GET", ""), ("GET", "/sample"), ("DELETE", "")):
        assert served.send(method, f"/v1/voices/{quoted}{path}").status_code in (400, 404)
    assert served.send("DELETE", f"/v1/audio/voices/{quoted}").status_code in (400, 404)
    assert sorted(served.site.root.iterdir()) == before


def test_a_voice_is_cloned_while_another_job_is_spoken_which_keeps_its_own(served: Voices, speech: Path) -> None:
    assert served.clone("anna", speech).status_code == 201
    with served.once("synthesizing") as speaking:
        served.site.drop_text("voice: anna\n", "news.txt.job.yaml")
        served.site.drop_text("The news of the day, read aloud.", "news.txt")
        wait_until(speaking.exists, "the text to be spoken")
        assert served.clone("ben", ANOTHER).status_code == 201
        refused = served.send("DELETE", "/v1/voices/anna")
        assert served.site.states()["news.txt"] == "running"
        [job] = served.site.rows("SELECT id FROM job WHERE name = 'news.txt'")
        assert (refused.status_code, refused.json()["jobs"]) == (409, [job["id"]])
    _resume(served.site)
    served.site.wait_for("news.txt", "succeeded")
    assert served.send("DELETE", "/v1/voices/anna").status_code == 204


def test_a_voice_in_use_is_removed_by_force(served: Voices, speech: Path) -> None:
    assert served.clone("eva", speech).status_code == 201
    with served.once("synthesizing") as speaking:
        served.site.drop_text("voice: eva\n", "late.txt.job.yaml")
        served.site.drop_text("More news.", "late.txt")
        wait_until(speaking.exists, "the text to be spoken")
        assert served.client().audio.voices.delete("eva", extra_query={"force": "true"}).deleted
    _resume(served.site)
    served.site.wait_for("late.txt", "failed")


def _resume(site: Site) -> None:
    """Let the worker continue that the failpoint has stopped."""

    def stopped() -> list[psutil.Process]:
        return [process for process in site.ours() if process.status() == psutil.STATUS_STOPPED]

    wait_until(lambda: bool(stopped()), "the worker to stop")
    stopped()[0].resume()


def test_a_repetition_places_the_voice_that_a_killed_server_did_not(served: Voices, speech: Path) -> None:
    with served.once("enrolled"):
        with pytest.raises(httpx2.HTTPError):
            served.clone("late", speech, replace="true")
        assert not (served.folder / "late.wav").exists()
    wait_until(served.answers, "the server to be started again")
    jobs = served.site.rows("SELECT count(*) AS n FROM job")
    answer = served.clone("late", speech, replace="true")
    assert answer.status_code == 201
    assert served.site.rows("SELECT count(*) AS n FROM job") == jobs
    before = (served.folder / "late.wav").stat()
    assert served.clone("late", speech).status_code == 201, "the same recording again is no other voice"
    assert (served.folder / "late.wav").stat() == before


def test_voices_are_prepared_by_jobs_and_engines_described_without_a_worker(served: Voices, speech: Path) -> None:
    described = served.site.root / "work" / "machine" / "engines" / "synthesizer.json"
    wait_until(described.is_file, "the daemon to have found out what its engines can do")
    assert served.clone("carl", speech).status_code == 201
    first = served.send("POST", "/v1/precompute-embeddings", json={"voices": ["carl"]})
    if first.status_code == 202:
        [made] = first.json()["jobs"]
        assert made["voice"] == "carl"
        served.site.wait_for("carl", "succeeded")
    second = served.send("POST", "/v1/precompute-embeddings", json={"voices": "all"})
    assert (second.status_code, second.json()["clones"], second.json()["engine"]) == (200, False, "espeak-ng")
    assert served.send("POST", "/v1/precompute-embeddings", json={"voices": ["nobody"]}).status_code == 404
    own = served.send("GET", "/v1/voices").json()["engine_voices"]
    assert {"id": "pt-br", "name": "pt-br", "language": "pt-br", "engine": "espeak-ng"} in own
    assert {"en", "pt"} <= set(served.send("GET", "/v1/info").json()["engines"]["synthesizer"]["languages"])


def test_a_voice_that_the_settings_name_is_not_removed_as_soon_as_the_daemon_uses_them(
    served: Voices, speech: Path
) -> None:
    assert served.clone("eva", speech).status_code == 201
    log = served.site.root / "daemon.out"

    def settings() -> str | None:
        found: str | None = served.send("GET", "/v1/settings").json()["settings"]["job"]["voice"]
        return found

    try:
        served.site.configure(job={"voice": "eva"})
        wait_until(lambda: "In use from now on: job.voice" in log.read_text("utf-8"), "the daemon to use the voice")
        wait_until(lambda: settings() == "eva", "its server to use it, too")
        answer = served.send("DELETE", "/v1/voices/eva?force=true")
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "VoiceInUse")
        assert "job.voice" in answer.json()["error"]["message"] and (served.folder / "eva.wav").exists()
    finally:
        served.site.configure()
        wait_until(lambda: settings() is None, "the voice to be free")
    assert served.send("DELETE", "/v1/voices/eva").status_code == 204


def test_openais_client_records_consents_and_creates_voices(served: Voices, speech: Path) -> None:
    client = served.client()
    with speech.open("rb") as recording:
        consent = client.audio.voice_consents.create(name="Ana Lima", language="en-US", recording=recording)
    with speech.open("rb") as recording:
        other = client.audio.voice_consents.create(name="Other", language="pt", recording=recording)
    assert (consent.language, consent.object, client.audio.voice_consents.retrieve(consent.id)) == (
        "en-US", "audio.voice_consent", consent,
    )  # fmt: skip
    assert client.audio.voice_consents.update(other.id, name="Another").name == "Another"
    assert {one.id for one in client.audio.voice_consents.list(limit=1)} == {consent.id, other.id}
    with speech.open("rb") as sample:
        voice = client.audio.voices.create(name="Ana", audio_sample=sample, consent=consent.id)
    assert (voice.id, voice.object, voice.type) == ("Ana", "audio.voice", "audio_sample")
    kept = served.consent("Ana")
    assert (kept["by"], kept["consent_id"]) == ("Ana Lima", consent.id)
    assert client.audio.voices.delete(voice.id).deleted
    assert client.audio.voice_consents.delete(other.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.audio.voice_consents.retrieve(other.id)
    with pytest.raises(openai.BadRequestError, match="a voice is made of a recording"):
        client.audio.voices.create(name="Eve", prompt="A deep voice", type="prompt")
    with pytest.raises(openai.NotFoundError, match="no recorded consent"), speech.open("rb") as sample:
        client.audio.voices.create(name="Eve", audio_sample=sample, consent="cons_1234")


def test_a_recorded_consent_is_a_recording_of_at_most_ten_mebibytes(served: Voices) -> None:
    def create(name: str, content: bytes) -> httpx2.Response:
        fields = {"name": "Ana", "language": "pt"}
        return served.send("POST", "/v1/audio/voice_consents", data=fields, files={"recording": (name, content)})

    assert create("large.wav", bytes((10 << 20) + 1)).status_code == 413
    assert create("larger.wav", bytes(11 << 20)).status_code == 413
    assert create("script.py", b"print()").status_code == 415


def test_clients_find_models_and_voices(served: Voices, speech: Path) -> None:
    assert served.clone("dora", speech).status_code == 201
    client = served.client()
    models = {model.id: model for model in client.models.list()}
    assert {"whisper-tiny", "whisper-1", "gpt-4o-transcribe-diarize", "tts-1"} <= set(models)
    assert client.models.retrieve("whisper-tiny") == models["whisper-tiny"]
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-5")
    assert served.send("GET", "/v1/models/status").status_code == 200, "it is no model"
    page = OpenWebUi(f"{served.address}/v1", served.token)
    assert page.voices()["dora"] == "dora"
    assert "tts-1" in page.models()
