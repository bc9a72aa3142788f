"""What is reported about a job's end, to whom, and how it is signed."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from dropdub.config import Config, Notify, load_config
from dropdub.errors import ConfigError
from dropdub.masking import masked
from dropdub.notify import placeholders, signature
from dropdub.notify.routing import channels_for, open_channels
from dropdub.notify.wording import text_of
from dropdub.process import child_environment
from dropdub.translations.words import Words, words_in
from tests.untranslated import Bracketed, untranslated

RAW = b"0123456789abcdef0123456789abcdef"
SECRET = f"whsec_{base64.b64encode(RAW).decode()}"
PAYLOAD = {
    "text": "A & B.mp4 failed.",
    "data": {"id": 7, "name": "A & B.mp4", "state": "failed", "reason": None, "published": "/outbox/A & B"},
}


def settings(**notify: Any) -> Notify:
    return Notify.model_validate(notify)


def test_third_party_receiver_accepts_signature_and_refuses_changed_message() -> None:
    body = json.dumps({"type": "job.succeeded"}).encode()
    headers = dict(signature.headers(SECRET, id_="msg_1", timestamp=int(time.time()), body=body))
    receiver = standardwebhooks.Webhook(SECRET)
    assert receiver.verify(body.decode(), headers) == {"type": "job.succeeded"}
    for changed in ({"webhook-id": "msg_2"}, {"webhook-timestamp": str(int(time.time()) - 1)}):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            receiver.verify(body.decode(), {**headers, **changed})
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        receiver.verify(body.decode() + " ", headers)


def test_any_text_can_be_a_secret_and_is_its_own_key() -> None:
    assert signature.key(SECRET) == RAW
    assert signature.key("the sixteenth night") == b"the sixteenth night"
    assert signature.key(SECRET.rstrip("=")) == RAW


def test_without_a_secret_nothing_is_signed() -> None:
    assert "webhook-signature" not in signature.headers(None, id_="msg_1", timestamp=1, body=b"")


def test_each_end_has_its_channels() -> None:
    both = settings(webhook={"url": "https://host/x"}, on_failure=["tell"])
    assert channels_for(both, "succeeded") == ("webhook",)
    assert channels_for(both, "failed") == ("webhook", "command")
    assert channels_for(both, "cancelled") == ("webhook",)
    assert open_channels(both) == ("webhook", "command")
    assert open_channels(settings()) == ()
    assert open_channels(settings(on_success=["tell"])) == ("command",)


def test_words_in_braces_are_filled_in_and_every_argument_stays_one() -> None:
    output = placeholders.facts_of(PAYLOAD)
    command = ["{name}", "{name}: {state}", "{reason}", "{unknown} {", "{id}{folder}"]
    assert placeholders.arguments(command, output) == [
        *("{name}", "A & B.mp4: failed", ""),
        *("{unknown} {", "7/outbox/A & B"),
    ]


@given(name=st.text())
def test_words_in_a_files_name_are_never_filled_in(name: str) -> None:
    output = placeholders.facts_of({"data": {"id": 1, "name": name}})
    argument = placeholders.arguments(["x", "<{name}>"], output)[1]
    assert argument == f"<{output['name']}>"
    assert not set(argument) & {chr(code) for code in (*range(32), *range(127, 160), 0x2028)}


def test_a_program_gets_the_facts_and_the_root_but_no_secret() -> None:
    base = {"PATH": "/bin", "TOKEN": "s"}
    base = child_environment((), {**base, "DROPDUB_NOTIFY__WEBHOOK__SECRET": "s", "dropdub_notify__webhook__url": "u"})
    found = placeholders.environment(placeholders.facts_of(PAYLOAD), base, root="/dubs", notice="msg_1")
    assert found == {
        "PATH": "/bin",
        "JOBS_ROOT": "/dubs",
        "DROPDUB_NOTICE_ID": "msg_1",
        "DROPDUB_JOB_ID": "7",
        "DROPDUB_JOB_NAME": "A & B.mp4",
        "DROPDUB_JOB_STATE": "failed",
        "DROPDUB_JOB_REASON": "",
        "DROPDUB_JOB_FOLDER": "/outbox/A & B",
        "DROPDUB_JOB_TEXT": "A & B.mp4 failed.",
    }


@pytest.mark.parametrize(
    ("job", "english", "portuguese"),
    [
        ({"state": "succeeded", "warnings": []}, "talk.mp4 is done.", "talk.mp4 está pronto."),
        (
            {"state": "succeeded", "warnings": ["One."]},
            "talk.mp4 is done, with 1 warning.",
            "talk.mp4 está pronto, com 1 aviso.",
        ),
        (
            {"state": "failed", "reason": "It is 100 % silent.", "remedy": "Record it again."},
            "talk.mp4 failed: It is 100 % silent. Record it again.",
            "talk.mp4 falhou: It is 100 % silent. Record it again.",
        ),
        ({"state": "failed", "reason": None}, "talk.mp4 failed.", "talk.mp4 falhou."),
        ({"state": "cancelled"}, "talk.mp4 was cancelled.", "talk.mp4 foi cancelado."),
    ],
)
def test_a_notification_says_what_became_of_a_job(job: dict[str, Any], english: str, portuguese: str) -> None:
    said = [text_of({"name": "talk.mp4", **job}, words_in(language)) for language in ("en", "pt-BR")]
    assert said == [english, portuguese]
    assert untranslated(text_of({"name": "talk.mp4", **job}, Words("x-made-up", Bracketed()))) == []


def test_settings_are_shown_without_secrets() -> None:
    notify = {"webhook": {"url": "https://hooks.example/T0K3N?k=T0K3N", "secret": "T0K3N-T0K3N-T0K3N"}}
    config = Config.model_validate({"notify": notify})
    shown = json.dumps(config.model_dump(mode="json"))
    assert "https://hooks.example/**********" in shown
    assert "T0K3N" not in shown + repr(config) + str(config)
    assert masked("postgresql://anna:T0K3N@host/jobs") == "postgresql://anna:**********@host/jobs"
    assert masked("sqlite:////home/a:b@c/jobs.db") == "sqlite:////home/a:b@c/jobs.db"


@pytest.mark.parametrize(
    ("notify", "said"),
    [
        ({"webhook": {"url": "T0K3N"}}, "is not a web address"),
        ({"webhook": {"url": "ftp://T0K3N"}}, "is not a web address"),
        ({"webhook": {"secret": "T0K3N"}}, "at least 16"),
        ({"webhook": {"secret": "whsec_T0K3N no base64"}}, "what follows is not base64"),
        ({"on_failure": ["tell.BAT", "{name}"]}, "batch file"),
    ],
)
def test_a_mistake_is_reported_without_the_secret(tmp_path: Path, notify: Any, said: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(json.dumps({"notify": notify}), encoding="utf-8")
    with pytest.raises(ConfigError, match=said) as caught:
        load_config(file)
    assert "T0K3N" not in caught.value.sentence
