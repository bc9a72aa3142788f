"""`python -m dropdub.web ROOT --attached`: the web server as a child of the supervisor."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from dropdub.errors import DropdubError
from dropdub.failpoints import set_role
from dropdub.files.privacy import keep_private
from dropdub.process import reserved_output
from dropdub.program_search import never_search_current_folder
from dropdub.web.serving.link import Link, LinkedLog
from dropdub.web.serving.server import serve


def main(root: str) -> int:
    """Serve until the supervisor is gone; return the exit code."""
    keep_private()
    never_search_current_folder()
    set_role("web")
    link = Link(reserved_output())
    logger = logging.getLogger("dropdub")
    logger.addHandler(LinkedLog(link))
    logger.setLevel(logging.INFO)
    try:
        serve(Path(root), link=link, report=lambda _line: None)
    except DropdubError as error:
        link.trouble(error.sentence)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
