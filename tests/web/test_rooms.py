"""Rooms over HTTP: a real server with its daemon, and small models that know English and Portuguese."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx2
import pytest

from dropdub.config import Config
from dropdub.files import removal
from dropdub.operations.place import find_place
from dropdub.web.answering.errors import ApiError
from dropdub.web.app import routes_of
from dropdub.web.assets import Assets
from dropdub.web.interpreting.request import MOST_BYTES
from dropdub.web.pages.rendering import Pages
from dropdub.web.pages.routes import pages_router
from dropdub.web.rooms.folder import RoomFolder
from dropdub.web.rooms.meeting import Meeting
from dropdub.web.rooms.record import record_room
from dropdub.web.rooms.room import Member, Room, Seat, Utterance
from dropdub.web.security.codes import LoginCodes
from dropdub.web.site import Site as Application
from dropdub.web.uploads.folder import Uploads
from dropdub.web.uploads.limits import UploadLimits
from tests.acceptance.served import Served
from tests.acceptance.site import Site
from tests.acceptance.test_quality import put_model, settings
from tests.spoken import NLLB, WHISPER, spoken
from tests.waiting import wait_until
from tests.web.serving import OPEN, routes_in
from tests.web.streams import named_events
from tests.web.test_dictation import pcm

ANA = {"name": "Ana", "language": "en"}
RUI = {"name": "Rui", "language": "pt"}
CAR, CARRO = "We see my red car.", "Nós vemos o meu carro vermelho."


class Person:
    """Somebody who uses a room: the host with the token, or a guest with the cookie of their browser."""

    def __init__(self, served: Served, **headers: str) -> None:
        self.served = served
        self.headers = headers or {"authorization": f"Bearer {served.token}"}

    def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        address = self.served.address + path
        return httpx2.request(method, address, headers=self.headers, timeout=60, trust_env=False, **options)

    def says(self, room: str, sentence: str, *, voice: str) -> dict[str, Any]:
        sound = pcm(spoken(sentence, voice=voice))
        answer = self.ask("POST", f"/v1/rooms/{room}/utterances", content=sound)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def sees(self, room: str) -> dict[str, Any]:
        return dict(self.ask("GET", f"/v1/rooms/{room}").json())


def guest_of(served: Served, invitation: dict[str, Any]) -> Person:
    """Follow the link, as the guest's browser does."""
    path, _, code = invitation["path"].partition("#")
    assert path == f"/room/{invitation['room']}"
    origin = {"origin": served.address}
    answer = httpx2.post(f"{served.address}/login", json={"code": code}, headers=origin, trust_env=False)
    assert (answer.status_code, answer.json()) == (200, {"path": path})
    return Person(served, cookie=answer.headers["set-cookie"].partition(";")[0], **origin)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    pytest.importorskip("faster_whisper", reason="the extra 'quality' is not installed")
    site = Site(tmp_path_factory.mktemp("rooms") / "root", **settings())
    put_model(site, WHISPER)
    put_model(site, NLLB)
    made = Served(site)
    made.start()
    yield made
    made.close()
    site.stop()


@pytest.fixture
def host(served: Served) -> Person:
    return Person(served)


@pytest.fixture
def opened(served: Served, host: Person) -> Iterator[tuple[str, Person]]:
    """Open a room, and yield its id and the guest; it is ended with the test."""
    answer = host.ask("POST", "/v1/rooms")
    assert answer.status_code == 201, answer.text
    invitation = answer.json()
    yield invitation["room"], guest_of(served, invitation)
    host.ask("POST", f"/v1/rooms/{invitation['room']}/end")


@pytest.fixture
def talk(opened: tuple[str, Person], host: Person) -> tuple[str, Person]:
    """Let both enter; they can talk as soon as everything is loaded, which begins while a page is open."""
    room, guest = opened
    with events(host, room) as happened:
        for person, entrance in ((host, ANA), (guest, RUI)):
            assert person.ask("POST", f"/v1/rooms/{room}/enter", json=entrance).status_code == 200
        for kind, data in happened:
            if kind == "room" and data["preparing"] and all(one["done"] for one in data["preparing"]):
                break
    return room, guest


@contextmanager
def events(person: Person, room: str) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
    """Yield the events of a room, each with its name."""
    address = f"{person.served.address}/v1/rooms/{room}/events"
    with httpx2.stream("GET", address, headers=person.headers, timeout=60, trust_env=False) as answer:
        yield named_events(answer)


def test_each_hears_what_the_other_says_in_their_own_language(host: Person, talk: tuple[str, Person]) -> None:
    room, guest = talk
    assert host.sees(room)["ready"] and guest.sees(room)["ready"]
    assert (host.sees(room)["you"], guest.sees(room)["you"]) == ("host", "guest")
    with events(guest, room) as happened:
        said = host.says(room, CAR, voice="en-us")
        assert (said["text"], said["translation"], said["target"]) == (CAR, CARRO, "pt")
        states = [data["state"] for kind, data in happened_until(happened, "speaking") if kind == "said"]
        assert states == ["hearing", "translating", "speaking"]
    sound = guest.ask("GET", f"{said['audio_url']}?format=pcm")
    assert sound.status_code == 200 and len(sound.content) > 20_000
    answered = guest.says(room, CARRO, voice="pt-br")
    assert (answered["seat"], answered["translation"]) == ("guest", CAR)


def happened_until(happened: Iterator[tuple[str, dict[str, Any]]], state: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, data in happened:
        yield kind, data
        if kind == "said" and data["state"] == state:
            return


def test_how_long_it_takes_is_measured_from_the_end_to_the_first_sound(host: Person, talk: tuple[str, Person]) -> None:
    room, guest = talk
    now = guest.ask("GET", f"/v1/rooms/{room}/clock").json()["now"]
    sound = pcm(spoken(CAR))
    said = host.ask("POST", f"/v1/rooms/{room}/utterances", content=sound, params={"ended_at": now}).json()
    guest.ask("GET", said["audio_url"])
    at = guest.ask("GET", f"/v1/rooms/{room}/clock").json()["now"]
    played = guest.ask("POST", f"/v1/rooms/{room}/utterances/{said['n']}/played", json={"at": at}).json()
    assert played["latency_s"] == pytest.approx(at - now, abs=0.002)
    assert 0 < played["engines_s"] <= played["latency_s"]
    assert played["over_s"] == pytest.approx(played["latency_s"] - played["engines_s"], abs=0.002)
    own = host.ask("POST", f"/v1/rooms/{room}/utterances/{said['n']}/played", json={"at": at})
    assert own.status_code == 404, "whoever speaks does not listen"


def test_if_both_agree_the_talk_becomes_a_job_with_the_host_s_text(
    served: Served, host: Person, talk: tuple[str, Person]
) -> None:
    room, guest = talk
    host.says(room, CAR, voice="en-us")
    guest.says(room, "A minha casa grande é azul.", voice="pt-br")
    for person in (host, guest):
        assert person.ask("POST", f"/v1/rooms/{room}/record", json={"agrees": True}).status_code == 200
    assert guest.ask("POST", f"/v1/rooms/{room}/end").status_code == 403
    job = host.ask("POST", f"/v1/rooms/{room}/end").json()["job"]
    row = "SELECT state, name, warnings FROM job WHERE id = ?"
    wait_until(lambda: served.site.rows(row, job)[0]["state"] == "succeeded", "the job of the record to succeed")
    shown = host.ask("GET", f"/v1/jobs/{job}/transcript").json()
    texts = [line["text"] for line in shown["lines"]]
    assert texts[0].endswith(CAR) and texts[1].endswith("My big house is blue."), texts
    assert left_of(served, room) == []


def test_without_the_agreement_of_both_nothing_is_left(served: Served, host: Person, talk: tuple[str, Person]) -> None:
    room, _guest = talk
    host.says(room, CAR, voice="en-us")
    host.ask("POST", f"/v1/rooms/{room}/record", json={"agrees": True})
    [batch] = served.site.rows("SELECT count(*) AS number FROM job WHERE batch = ?", room)
    assert batch["number"] > 3, "each utterance is jobs"
    assert host.ask("POST", f"/v1/rooms/{room}/end").json() == {"job": None}
    assert left_of(served, room) == []
    assert host.ask("GET", f"/v1/rooms/{room}").json()["error"]["code"] == "NoRoom"


def test_what_is_said_while_a_room_ends_leaves_nothing(served: Served, host: Person, talk: tuple[str, Person]) -> None:
    room, guest = talk
    sound = pcm(spoken(CARRO, voice="pt-br"))
    with ThreadPoolExecutor() as people, events(host, room) as happened:
        asked = [people.submit(guest.ask, "POST", f"/v1/rooms/{room}/utterances", content=sound) for _ in range(12)]
        next(data for kind, data in happened if kind == "said" and data["state"] == "hearing")
        assert host.ask("POST", f"/v1/rooms/{room}/end").json() == {"job": None}
        assert {one.result().status_code for one in asked} <= {200, 404, 409}
    assert left_of(served, room) == []
    entered = guest.ask("POST", f"/v1/rooms/{room}/enter", json=RUI)
    assert (entered.status_code, entered.json()["error"]["code"]) == (404, "NoRoom")


def left_of(served: Served, room: str) -> list[Any]:
    """Return what is still there of a room: files, jobs with what was said, voices."""
    jobs = served.site.rows("SELECT id, name FROM job WHERE batch = ?", room)
    folder = served.site.root / "work" / "rooms" / room
    return [*jobs, *folder.rglob("*"), *(served.site.root / "voices").glob("room *")]


def test_a_room_outlives_its_server_with_what_was_said(served: Served, host: Person, talk: tuple[str, Person]) -> None:
    room, guest = talk
    said = host.says(room, CAR, voice="en-us")
    folder = served.site.root / "work" / "rooms" / room
    wait_until((folder / "said.jsonl").exists, "what was said to be on the disk")
    served.process().kill()
    wait_until(served.answers, "the next web server answers")
    assert host.sees(room)["members"]["guest"]["name"] == "Rui"
    with events(guest, room) as happened:
        (first, _), (kind, again) = next(happened), next(happened)
    assert (first, kind, again["translation"]) == ("room", "said", said["translation"])


def test_an_utterance_that_is_sent_again_is_spoken_once(host: Person, talk: tuple[str, Person]) -> None:
    room, guest = talk
    now = guest.ask("GET", f"/v1/rooms/{room}/clock").json()["now"]
    send = partial(host.ask, "POST", f"/v1/rooms/{room}/utterances", content=pcm(spoken(CAR)))
    with ThreadPoolExecutor() as people:
        asked = [people.submit(send, params={"ended_at": now}) for _ in range(2)]
        answers = [one.result().json() for one in asked]
    assert answers[0] == answers[1] and answers[0]["translation"] == CARRO
    assert send(params={"ended_at": now + 0.001}).json()["n"] == answers[0]["n"] + 1


def test_who_comes_back_gets_what_became_complete_meanwhile() -> None:
    members: dict[Seat, Member] = {"host": Member("Ana", "en"), "guest": Member("Rui", "pt")}
    said = [Utterance(n, "host", 1.0, 1.0, CAR, "en", CARRO, "pt", job=n) for n in (2, 1)]

    async def seen(after: int) -> str:
        events = Meeting(Room("0" * 32, 1.0, members), said, Mock()).events("guest", after=after)
        await anext(events)
        return (await anext(events)).decode()

    first, second = (asyncio.run(seen(after)) for after in (0, 1))
    assert "id: 1\n" in first and '"n":2' in first, "what was begun later may be complete earlier"
    assert "id: 2\n" in second and '"n":1' in second


def test_a_member_has_one_voice_checked_at_a_time() -> None:
    meeting = Meeting(Room("0" * 32, 1.0), [], Mock())
    with meeting.recording("guest"):
        with pytest.raises(ApiError, match="checked already"), meeting.recording("guest"):
            pass
        with meeting.recording("host"):
            pass
    with meeting.recording("guest"):
        pass


def test_what_a_crash_left_of_a_room_is_removed_and_the_others_are_shown(tmp_path: Path) -> None:
    folder = RoomFolder(tmp_path)
    ended, left, damaged = (folder.create() for _ in range(3))
    said = Utterance(1, "host", 1.0, 1.0, CAR, "en", CARRO, "pt", job=1)
    folder.add(ended.id, said, b"sound")
    with pytest.raises(OSError, match="stopped"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(removal, "_remove_held", Mock(side_effect=OSError("stopped")))
        folder.forget(ended.id)
    assert folder.said(ended.id) == [], "without its sound, nothing can be recorded"
    assert ended.id in folder.ids(), "it is ended again"
    folder.forget(ended.id)
    (tmp_path / left.id / "room.json").unlink()
    assert folder.ids() == [damaged.id]


def test_a_record_that_cannot_be_written_leaves_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "rooms").mkdir()
    folder, uploads = RoomFolder(tmp_path / "rooms"), Uploads(tmp_path / "uploads", UploadLimits(10**9, 0))
    room = replace(folder.create(), members={"host": Member("Ana", "en"), "guest": Member("Rui", "pt")})
    said = [Utterance(n, "host", 1.0, 1.0, CAR, "en", CARRO, "pt", job=n) for n in (1, 2)]
    for one in said:
        folder.add(room.id, one, b"sound.")
    with folder.sound(room.id, 2).open("ab") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(OSError, match="longer"):
        record_room(Mock(uploads=uploads), folder, room, said)
    assert list((tmp_path / "uploads").iterdir()) == []


def test_a_line_that_was_cut_spoils_no_other(tmp_path: Path) -> None:
    folder = RoomFolder(tmp_path)
    room = folder.create()
    said = [Utterance(n, "host", 1.0, 1.0, CAR, "en", CARRO, "pt", job=n) for n in (1, 2)]
    folder.add(room.id, said[0], b"sound")
    with (tmp_path / room.id / "said.jsonl").open("ab") as file:
        file.write(b'{"n": 3, "text": "cut')
    folder.add(room.id, said[1], b"sound")
    assert folder.said(room.id) == said


def test_a_voice_recorded_in_a_room_speaks_for_that_member_and_goes_with_the_room(
    served: Served, host: Person, opened: tuple[str, Person], speech: Path
) -> None:
    room, guest = opened
    (served.site.root / "voices").mkdir(exist_ok=True)
    consent = json.dumps({"by": "Rui", "statement": "In this talk."})
    for _ in range(2):  # recorded again, it replaces the first one
        files = {"file": ("voice.wav", speech.read_bytes())}
        data = {"name": "anna", "consent": consent}
        answer = guest.ask("POST", f"/v1/rooms/{room}/voice", data=data, files=files)
        assert answer.status_code == 200 and answer.json()["recorded_voice"], answer.text
    assert served.site.rows("SELECT id FROM job WHERE name = 'voice.wav'") == [], "it would be kept for a day"
    [voice] = (served.site.root / "voices").glob("*.wav")
    shutil.copy(voice, voice.with_stem(f"room {room[:8]} host"))  # as a crash leaves it before the room knows of it
    assert voice.stem == f"room {room[:8]} guest", "a guest gives no names to voices of this computer"
    for asked, status in (("recorded", 200), (None, 200), ("anna", 403), (voice.stem, 403)):
        entrance = {**RUI, "voice": asked}
        assert guest.ask("POST", f"/v1/rooms/{room}/enter", json=entrance).status_code == status, asked
    next_one = guest_of(served, host.ask("POST", f"/v1/rooms/{room}/invitations").json())
    for person in (host, next_one):
        assert person.ask("POST", f"/v1/rooms/{room}/enter", json={**ANA, "voice": "recorded"}).status_code == 404
    host.ask("POST", f"/v1/rooms/{room}/end")
    assert left_of(served, room) == []


def test_what_a_guest_has_agreed_to_is_not_inherited_by_the_next(
    served: Served, host: Person, opened: tuple[str, Person]
) -> None:
    room, first = opened
    next_one = guest_of(served, host.ask("POST", f"/v1/rooms/{room}/invitations").json())
    path = f"/v1/rooms/{room}/enter"
    first.ask("POST", path, json=RUI)
    first.ask("POST", f"/v1/rooms/{room}/record", json={"agrees": True})
    agrees = [one.ask("POST", path, json=RUI).json()["members"]["guest"]["agrees"] for one in (first, next_one)]
    assert agrees == [True, False]


def test_before_everything_is_loaded_nobody_can_speak(host: Person, opened: tuple[str, Person]) -> None:
    room, _guest = opened
    host.ask("POST", f"/v1/rooms/{room}/enter", json=ANA)
    refused = host.ask("POST", f"/v1/rooms/{room}/utterances", content=pcm(spoken(CAR)))
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "RoomNotReady")


def test_who_reloads_their_page_interrupts_nobody(host: Person, talk: tuple[str, Person]) -> None:
    room, guest = talk
    entered = guest.ask("POST", f"/v1/rooms/{room}/enter", json={**RUI, "name": "Rui B."}).json()
    assert entered["ready"] and entered["members"]["guest"]["name"] == "Rui B."
    assert host.says(room, CAR, voice="en-us")["translation"] == CARRO


def test_what_cannot_be_loaded_says_why_and_the_other_direction_opens(host: Person, opened: tuple[str, Person]) -> None:
    room, guest = opened
    with events(host, room) as happened:
        host.ask("POST", f"/v1/rooms/{room}/enter", json=ANA)
        guest.ask("POST", f"/v1/rooms/{room}/enter", json={**RUI, "language": "xx"})
        for _kind, data in happened:
            problems = [one for one in data.get("preparing", ()) if one["problem"]]
            if len(problems) >= 2:
                break
    assert all(one["problem"] and not one["done"] for one in problems)
    assert not host.sees(room)["ready"]


def test_a_link_opens_once_and_nothing_but_its_room(served: Served, host: Person, opened: tuple[str, Person]) -> None:
    room, guest = opened
    other = host.ask("POST", "/v1/rooms").json()
    code = other["path"].partition("#")[2]
    guest_of(served, other)
    again = httpx2.post(f"{served.address}/login", json={"code": code}, headers={"origin": served.address})
    assert again.status_code == 403
    reached = {(method, path) for method, path, status in asked_everything(served, guest, room) if status != 403}
    own = {
        (method, path)
        for method, path in all_routes(served.site.root)
        if path.startswith(("/v1/rooms/{id}", "/room/{id}"))
    }
    only_host = {("POST", "/v1/rooms/{id}/invitations"), ("POST", "/v1/rooms/{id}/end")}
    assert reached == own - only_host, "a guest reaches their room, and nothing else"
    in_other = [guest.ask("GET", f"{start}{other['room']}").status_code for start in ("/v1/rooms/", "/room/")]
    assert in_other == [403, 403]
    host.ask("POST", f"/v1/rooms/{other['room']}/end")


def all_routes(root: Path) -> list[tuple[str, str]]:
    """Return method and path of each route that needs a log-in: those of the API, and those of the pages."""
    with closing(Application(find_place(root), Config(), None)) as site:
        app = routes_of(site, LoginCodes())
        pages = pages_router(site, Pages(Assets.load()), app.state.dictations, app.state.rooms)
        found = [*routes_in(app.routes), *routes_in(pages.routes)]
        return [one for one in found if one not in OPEN and one[0] != "HEAD"]


def asked_everything(served: Served, guest: Person, room: str) -> Iterator[tuple[str, str, int]]:
    """Ask every route as a guest, with the id of their room wherever an id belongs."""
    for method, path in all_routes(served.site.root):
        filled = re.sub(r"\{[^}]*\}", "1", path.replace("{id}", room))
        if path.endswith("/events") and "rooms" in path:
            yield method, path, 200  # read above; it does not end
        else:
            yield method, path, guest.ask(method, filled).status_code
