"""The process that forks the commands of tests outlives whoever asks it."""

from __future__ import annotations

import array
import os
import socket

import pytest

from tests import warm

pytestmark = pytest.mark.skipif(not warm.IS_POSSIBLE, reason="processes cannot be forked there")


@pytest.mark.parametrize("sent", [b"", b'.{"program": "dropd'])
def test_asker_killed_before_it_has_asked_is_forgotten(sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as asker, open(os.devnull, "rb") as nothing:  # noqa: PTH123
        asker.connect(warm._forking())
        if sent:
            descriptors = array.array("i", [nothing.fileno()] * 3)
            asker.sendmsg([sent[:1]], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
            asker.sendall(sent[1:])
    assert warm.run(["--version"]).stdout.startswith("dropdub ")
