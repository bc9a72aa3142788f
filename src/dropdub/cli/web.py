"""`dropdub serve` and `dropdub open`: the web server, and its page in the browser."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from dropdub.cli.console import say
from dropdub.cli.exit_codes import DONE
from dropdub.errors import UsageError


def serve(root: Path) -> int:
    """Answer requests until Ctrl-C. Raises UsageError if the server is not installed, and what it raises."""
    from dropdub.installation import extra_command, has_web_server

    if not has_web_server():
        remedy = f"Install it with:\n  {extra_command('web')}"
        raise UsageError("The web server is not installed.", remedy=remedy)
    from dropdub.web.serving.server import serve as run

    run(root, link=None, report=say)
    return DONE


def open_page(root: Path, *, show: bool) -> int:
    """Open the page, or print its link if there is no browser. Raises UsageError if no server answers."""
    from dropdub.web.client import login_link

    link = login_link(root)
    if show or not webbrowser.open(link):
        say(link)
    return DONE
