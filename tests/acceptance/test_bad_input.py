"""Broken, odd and hostile files, all dropped at once: each ends in outputs or an error, and harms no other."""

from __future__ import annotations

import random
import socket
import subprocess
import wave
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dropdub.media.ffmpeg import find_ffmpeg
from tests.acceptance.site import Site
from tests.conftest import SPEECH

SEED = 11
OFFSETS = (0.003, 0.02, 0.1, 0.3, 0.6, 0.8, 0.97, 0.999)
FLIPS = 40
SECRET = "the secret of another folder"
UNFORESEEN = ("Traceback", "Unexpected error", "bug in Dropdub", "took longer than", "The worker died", "was killed")
CONTAINERS = {
    "mp4": ("-c:v", "mpeg4", "-c:a", "aac"),
    "mkv": ("-c:v", "mpeg4", "-c:a", "libvorbis"),
    "mp3": ("-vn",),
    "wav": ("-vn",),
    "flac": ("-vn",),
    "ogg": ("-vn", "-c:a", "libvorbis"),
}
PICTURE = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=10:duration=1")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def ffmpeg(path: Path, *arguments: str) -> Path:
    command = [str(find_ffmpeg()), "-nostdin", "-v", "error", "-y", *arguments, str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=60)
    return path


def broken_containers(folder: Path) -> Iterator[Path]:
    """Yield each container truncated, or with bits flipped, at several places in turn."""
    chance = random.Random(SEED)
    for suffix, codecs in CONTAINERS.items():
        whole = ffmpeg(folder / f"whole.{suffix}", *PICTURE, "-i", str(SPEECH), "-t", "1", *codecs)
        data = whole.read_bytes()
        yield whole
        for number, share in enumerate(OFFSETS):
            at = int(len(data) * share)
            if number % 2:
                cut = folder / f"cut at {share}.{suffix}"
                cut.write_bytes(data[:at])
                yield cut
                continue
            flipped = bytearray(data)
            for place in chance.sample(range(at, min(at + 4000, len(data))), min(FLIPS, len(data) - at)):
                flipped[place] ^= 1 << chance.randrange(8)
            damaged = folder / f"flipped at {share}.{suffix}"
            damaged.write_bytes(flipped)
            yield damaged


def odd_recordings(folder: Path) -> Iterator[Path]:
    sine = ("-f", "lavfi", "-i", "sine=duration=2")
    yield ffmpeg(folder / "no sound.mp4", *PICTURE, "-c:v", "mpeg4")
    yield ffmpeg(folder / "silence.wav", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "3")
    yield ffmpeg(folder / "short.wav", "-i", str(SPEECH), "-t", "0.1")
    yield ffmpeg(folder / "eight channels.wav", "-i", str(SPEECH), "-t", "2", "-ac", "8")
    yield ffmpeg(folder / "telephone.wav", "-i", str(SPEECH), "-t", "2", "-ar", "8000", "-c:a", "pcm_mulaw")
    odd = ("-vf", "setpts='if(lt(N,10),PTS,PTS*1.7)'", "-vsync", "vfr")
    yield ffmpeg(folder / "uneven frames.mkv", *PICTURE, *sine, *odd, "-c:v", "mpeg4")
    for name, claimed in (("claims more.wav", 2_000_000_000), ("claims nothing.wav", 0)):
        yield lying_wav(folder / name, claimed)


def lying_wav(path: Path, claimed: int) -> Path:
    """Write a second of tone whose header gives `claimed` bytes of sound."""
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16_000)
        writer.writeframes(b"\x10\x20" * 16_000)
    data = bytearray(path.read_bytes())
    data[40:44] = claimed.to_bytes(4, "little")
    path.write_bytes(data)
    return path


def odd_texts(folder: Path) -> Iterator[Path]:
    contents = {
        "nul.in.text.txt": b"before\x00after\n",
        "broken utf-8.txt": b"caf\xe9 \xff\xfe\xc3\x28 \xf0\x9f\x92\n",
        "utf-16.txt": "\ufeffA text in UTF-16.\n".encode("utf-16-le"),
        "latin-1.txt": "Das Haus ist schön, größer und älter.\n".encode("latin-1"),
        "one long line.txt": b"word " * 10_000_000,
        "only marks.txt": "\u200f\u202e\u2066 \u2069\n".encode(),
        "only spaces.txt": b" \n\t\n",
        "program.exe": b"MZ\x90\x00" + bytes(range(256)) * 100,
        "program.mp4": b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 100,
        "paper.txt": b"%PDF-1.7\n" + bytes(range(256)) * 100,
        "noise": random.Random(SEED).randbytes(100_000),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        yield folder / name
    for name in ("archive.zip", "archive.mp3"):
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr("../../escaped.txt", "out of the root")
        yield folder / name


def hostile_lists(folder: Path, secret: Path, address: str) -> Iterator[Path]:
    """Yield files that ask whoever opens them to open something else."""
    contents = {
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{secret}\n#EXTINF:9,\n{address}/a.ts\n",
        "list.mp4": f"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:9,\n{address}/b.ts\n#EXT-X-ENDLIST\n",
        "concat.mp4": f"ffconcat version 1.0\nfile '{secret}'\nfile '{address}/c.mp4'\n",
        "session.sdp": f"v=0\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\na=control:{address}\n",
        "manifest.mpd": f"<?xml version='1.0'?><MPD><BaseURL>{address}/</BaseURL><Period/></MPD>\n",
        "subtitles.mkv": f"<SAMI><BODY><SYNC Start=0><P><IMG SRC='{address}/x.png'></BODY></SAMI>\n",
    }
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8")
        yield folder / name


ODD_NAMES = (
    "CON.txt",
    "nul.txt",
    "aux",
    "a..b.txt",
    "-rf.txt",
    "--help.txt",
    "%PATH%.txt",
    "quote ' and \" and `.txt",
    "new\nline.txt",
    "bell\x07.txt",
    "right \u202e to left.txt",
    "ends with a dot.",
    " begins with a space.txt",
    "semi;colon & ampersand $HOME.txt",
    "concat:one|two.txt",
    "http:__example.txt",
    "[0:a]amix.txt",
    "e\u0301 and \u00e9.txt",
    "manifest.json",
)


@pytest.fixture
def listener() -> Iterator[tuple[str, socket.socket]]:
    """A server that nothing may contact, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield f"http://127.0.0.1:{server.getsockname()[1]}", server


def test_every_dropped_file_ends_in_outputs_or_error_message(
    site: Callable[..., Site], tmp_path: Path, listener: tuple[str, socket.socket]
) -> None:
    address, server = listener
    made, secret = tmp_path / "made", tmp_path / "secret.txt"
    made.mkdir()
    secret.write_text(SECRET, encoding="utf-8")
    root = site(job={"duplicates": "again"}, retry={"attempts": 2})
    outside = everything_outside(tmp_path, root)
    corpus = [*broken_containers(made), *odd_recordings(made), *odd_texts(made), *hostile_lists(made, secret, address)]
    for number, path in enumerate(corpus):
        root.drop(path, f"{number} {path.name}")
    for name in ODD_NAMES:
        root.drop_text(f"A text of its own: {name.encode()!r}.\n", name)
    print(f"{len(corpus) + len(ODD_NAMES)} bad inputs, seed {SEED}")

    code = root.work_off(timeout_s=600)

    assert code == 1, root.output()
    ended = root.rows("SELECT name, state, reason, remedy FROM job")
    said = [f"{job['name']}: {job['reason']} {job['remedy']}" for job in ended if job["state"] != "succeeded"]
    assert len(ended) == len(corpus) + len(ODD_NAMES)
    assert {job["state"] for job in ended} == {"succeeded", "failed"}
    assert [line for line in said if any(word in line for word in UNFORESEEN)] == []
    assert "Traceback" not in root.output()
    notes = {path.name.removesuffix(".error.txt") for path in (root.root / "failed").glob("*.error.txt")}
    assert len(notes) == len(said)
    outputs = b"".join(path.read_bytes() for path in (root.root / "outbox").rglob("*") if path.is_file())
    assert SECRET.encode() not in outputs
    with pytest.raises(BlockingIOError):
        server.accept()
    assert everything_outside(tmp_path, root) - outside <= set(made.iterdir()) | {made, secret}
    for name in {path.name for path in (root.root / "outbox").iterdir()}:
        assert name not in ("..", "") and not name.endswith((".", " ")) and ":" not in name and "\n" not in name
    root.check()


def everything_outside(folder: Path, root: Site) -> set[Path]:
    return {path for path in folder.rglob("*") if root.root not in (path, *path.parents)}
