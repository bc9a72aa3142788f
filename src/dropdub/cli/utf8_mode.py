"""Run in Python's UTF-8 mode, whatever the locale: file names are UTF-8 on every disk of today.

In a locale such as pt_BR.ISO-8859-1, the names of dropped files would become other names, and in the database they
would not be those that a daemon in another locale finds.
"""

from __future__ import annotations

import os
import sys

_VARIABLE = "PYTHONUTF8"


def ensure_utf8_mode() -> None:
    """Start this program again in UTF-8 mode if file names are not UTF-8; let the programs it starts inherit the mode.

    Windows needs neither: there, Python's file names do not depend on the locale.
    """
    if sys.platform == "win32" or os.environ.get(_VARIABLE) == "1" or not sys.executable:
        return
    if sys.flags.utf8_mode:
        os.environ[_VARIABLE] = "1"
    elif sys.getfilesystemencoding().lower() != "utf-8" and "utf8" not in sys._xoptions:
        os.environ[_VARIABLE] = "1"
        os.execv(sys.executable, sys.orig_argv)
