"""Fetch the scripts of others that VENDOR.toml lists, in the versions that it names, and record their hashes.

To take a newer one, change its version first. `contains` names the packages whose code its authors have built into it:
their licences are kept, too. Needs npm.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import subprocess
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).parents[1] / "src" / "dropdub" / "web" / "static" / "vendor"
LIST = VENDOR / "VENDOR.toml"
HEAD = """# Scripts of others that the pages use, as they are in the archives of npm.
# `python3 tasks.py vendor` fetches these versions again; a test compares the files with their hashes.
"""


Entry = dict[str, Any]


def main() -> None:
    listed = tomllib.loads(LIST.read_text(encoding="utf-8"))["file"]
    LIST.write_text(HEAD + "".join(map(_entry, map(_fetched, listed))), encoding="utf-8")


def _fetched(one: Entry) -> Entry:
    content, digest = _packed(f"{one['package']}@{one['version']}")
    with tarfile.open(fileobj=io.BytesIO(content)) as opened:
        script = _member(opened, one["member"])
    licences = [_licence(content), *(_titled(name, _licence(_packed(name)[0])) for name in one.get("contains", []))]
    (VENDOR / one["name"]).write_bytes(script)
    (VENDOR / f"{one['name'].partition('.')[0]}.LICENSE.txt").write_bytes(b"\n".join(licences))
    return one | {"archive": f"sha512-{digest}", "sha256": hashlib.sha256(script).hexdigest()}


def _packed(package: str) -> tuple[bytes, str]:
    """Return the archive of a package, and its SHA-512 in base64."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", package, "--silent", "--pack-destination", folder], check=True)
        [archive] = Path(folder).glob("*.tgz")
        content = archive.read_bytes()
    return content, base64.b64encode(hashlib.sha512(content).digest()).decode()


def _licence(archive: bytes) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        [name] = [name for name in opened.getnames() if re.fullmatch(r"package/LICENSE(\.md|\.txt)?", name)]
        return _member(opened, name)


def _titled(package: str, licence: bytes) -> bytes:
    """Return the licence of a package whose code is in another one's script."""
    return f"\nOf {package.partition('@')[0]}, whose code is in it:\n\n".encode() + licence


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    assert member is not None, f"{name} is no file"
    return member.read()


def _entry(one: Entry) -> str:
    return "\n[[file]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in one.items())


if __name__ == "__main__":
    main()
