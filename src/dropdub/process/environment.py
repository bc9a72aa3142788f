"""The environment variables that a child gets: those that programs need to run, and no secrets of this process."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

_NAMES = frozenset(
    (
        *(
            "PATH",
            "HOME",
            "USER",
            "LOGNAME",
            "SHELL",
            "TMPDIR",
            "TEMP",
            "TMP",
            "LANG",
            "LANGUAGE",
            "TZ",
            "TZDIR",
            "TERM",
        ),
        *("NO_COLOR", "LD_LIBRARY_PATH", "LD_PRELOAD", "SSL_CERT_FILE", "SSL_CERT_DIR", "VIRTUAL_ENV"),
        *("FONTCONFIG_FILE", "FONTCONFIG_PATH"),
        *("XDG_CACHE_HOME", "XDG_CONFIG_DIRS", "XDG_CONFIG_HOME", "XDG_DATA_DIRS", "XDG_DATA_HOME", "XDG_STATE_HOME"),
        *("USERPROFILE", "USERNAME", "USERDOMAIN", "HOMEDRIVE", "HOMEPATH", "COMPUTERNAME", "OS", "PUBLIC"),
        *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"),
        *("ALLUSERSPROFILE", "PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432", "COMMONPROGRAMFILES"),
        *("COMMONPROGRAMFILES(X86)", "COMMONPROGRAMW6432", "NUMBER_OF_PROCESSORS"),
        "NODEFAULTCURRENTDIRECTORYINEXEPATH",
        *("PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH", "PYTHONNOUSERSITE", "PYTHONUSERBASE", "PYTHONPLATLIBDIR"),
        *("PYTHONUTF8", "PYTHONIOENCODING", "PYTHONCOERCECLOCALE", "PYTHONUNBUFFERED", "PYTHONHASHSEED"),
        *("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONDEVMODE"),
        *("PYTHONFAULTHANDLER", "PYTHONMALLOC", "PYTHONTRACEMALLOC", "PYTHONWARNDEFAULTENCODING"),
        *("HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_CACHE", "TRANSFORMERS_OFFLINE", "TORCH_HOME"),
        *("JOBS_ROOT", "DROPDUB_FFMPEG", "DROPDUB_LIVENESS_FD"),
        *("DROPDUB_FAILPOINTS", "DROPDUB_FAILPOINTS_TRACE", "DROPDUB_SITE", "DROPDUB_WITHOUT"),
    )
)
"""Dropdub's own variables among them are those that a child reads. The last line is for the crash tests."""
DESKTOP = ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
"""What a program needs to show desktop notifications. Workers do not get it: via the bus, they could start programs
that no limit applies to.
"""
_PREFIXES = (
    *("LC_", "COVERAGE_", "COV_CORE_", "DYLD_", "MALLOC_", "GLIBC_", "PROCESSOR_", "WINE"),
    *("CUDA", "CUBLAS_", "CUDNN_", "NVIDIA_", "HIP_", "ROCR_", "HSA_", "PYTORCH_", "TORCH_", "CT2_", "ESPEAK_"),
    *("OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "BLIS_", "NUMEXPR_", "VECLIB_", "ONEDNN_", "DNNL_"),
)
_SECRET = re.compile(r"TOKEN|SECRET|CREDENTIAL|COOKIE|(?<!BY)PASS|_PW|_KEY|APIKEY|_AUTH|_DSN|_UR[IL]|_PAT(?![A-Z])")
"""Takes precedence over the prefixes: NVIDIA_API_KEY is not a setting of a graphics card."""


SPARING_MALLOC = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": str(8 << 20)}
"""Settings of glibc's allocator; others ignore them. Engines and encoders take and free large blocks in several
threads: without these, each thread keeps its own free memory, and hardly any is given back. With them, a transcriber's
peak is a quarter lower, and the web server needs 10 MB less after some texts.
"""


def child_environment(more: Iterable[str] = (), base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the part of this process's environment (or of `base`) that a child gets, plus the variables in `more`.

    This is an allowlist, because nobody knows all the names under which secrets are kept.
    """
    named = {name.upper() for name in more}
    given = os.environ if base is None else base
    return {name: value for name, value in given.items() if name.upper() in named or _is_needed(name.upper())}


def _is_needed(name: str) -> bool:
    return name in _NAMES or (name.startswith(_PREFIXES) and _SECRET.search(name) is None)
