"""`dropdub token` and `dropdub config hash-password`: who may use the web server."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from dropdub.cli.console import say
from dropdub.cli.exit_codes import DONE
from dropdub.config.password import LONGEST, PasswordHash, refuse_weak
from dropdub.errors import UsageError
from dropdub.web.security import token


def show_token(root: Path) -> int:
    """Print the root's token. Raises as `token.read_or_create`."""
    say(token.read_or_create(root))
    return DONE


def renew_token(root: Path) -> int:
    """Replace the root's token and print the new one. Raises as `token.renew`."""
    say(token.renew(root))
    return DONE


def hash_password() -> int:
    """Ask for a password and print its hash. Raises UsageError if it is unusable or was typed differently."""
    password = _asked() if sys.stdin.isatty() else sys.stdin.readline(LONGEST + 2).rstrip("\r\n")
    try:
        refuse_weak(password)
    except ValueError as error:
        raise UsageError(f"The password {error}.") from error
    say(str(PasswordHash.of_setting(password)))
    return DONE


def _asked() -> str:
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise UsageError("The two passwords differ.", remedy="Try again: `dropdub config hash-password`")
    return password
