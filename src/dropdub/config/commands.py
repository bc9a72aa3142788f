"""Refuse notification commands that could run a file's name as code.

A command may contain placeholders such as `{name}`, which are replaced by values of the job. No list of dangerous
programs is ever complete, so this limits where placeholders may stand, and is still only a safety net. The safe way to
pass values is the environment, which no program runs as code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import PureWindowsPath

WORDS = ("id", "name", "state", "reason", "folder", "text")
"""The placeholders, which are also passed as DROPDUB_JOB_… in the program's environment."""
_WORD = re.compile(r"\{(" + "|".join(WORDS) + r")\}")
_FOREIGN = re.compile(r"\{(name|reason|folder|text)\}")
"""Placeholders whose values somebody else has written; `{id}` is a number, and `{state}` a word of Dropdub."""
_WHOLE = re.compile(rf"(?P<option>(-{{0,2}})\w[\w.-]*=)?{_FOREIGN.pattern}")
_VARIABLE = re.compile(rf"[A-Za-z_]\w*={_FOREIGN.pattern}")
_SAFE_WAY = (
    "the name of a file could be run as code; leave out what is in braces, and let the program read "
    "DROPDUB_JOB_NAME, DROPDUB_JOB_FOLDER … from its environment"
)
_CODE_OPTION = re.compile(
    r"-c|-e|-ec|-ex|-I|/[cCkK]|--?[\w-]*(?i:eval|exec|command|cmd|program|action|script|shell|rsh|expression)[\w-]*"
)
"""Options whose value many programs run as code, or as the name of a program."""
_SHELLS = (
    *(
        "sh",
        "bash",
        "rbash",
        "dash",
        "ash",
        "zsh",
        "ksh",
        "ksh93",
        "oksh",
        "mksh",
        "pdksh",
        "yash",
        "posh",
        "osh",
        "ysh",
    ),
    *("csh", "tcsh", "fish", "elvish", "nu", "xonsh", "capsh"),
)
_INTERPRETERS = {
    **dict.fromkeys(_SHELLS, (r"[-+]\w*c\w*|--(init-)?commands?(=.*)?|-C.*", "abefhiklmnprtuvxBEHPT")),
    **dict.fromkeys(("python", "pythonw", "pypy", "py"), (r"-\w*c.*", "bBdEiImOPqsSuvx")),
    **dict.fromkeys(("perl", "ruby"), (r"-(?![MmI])\w*[eE].*", "anpsStTuUwW")),
    **dict.fromkeys(("node", "nodejs", "bun", "deno"), (r"-(e|p|pe|ep).*|--(eval|print)(=.*)?|eval", "i")),
    **dict.fromkeys(
        ("php", "lua", "luajit", "r", "rscript", "osascript", "expect", "tclsh"), (r"-\w*[ercBRE].*", "fnq")
    ),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk", "sed", "gsed"), (r"-e.*|--(expression|source)(=.*)?", "fnrsuz")),
}
"""For each interpreter: the options with which it takes code from its arguments, and the letters of the options without
a value (and of `-m` and `-f`, whose value is the script).
"""
_STARTERS = frozenset(
    (
        *("env", "nice", "ionice", "chrt", "taskset", "nohup", "setsid", "stdbuf", "timeout", "sudo", "doas", "time"),
        *("busybox", "toybox", "exec", "systemd-run", "systemd-inhibit", "caffeinate", "strace", "ltrace", "unbuffer"),
        *("unshare", "nsenter", "firejail", "bwrap", "setpriv", "numactl", "prlimit", "setarch", "choom", "pkexec"),
        *("flatpak-spawn", "dbus-run-session", "proxychains", "tsocks", "catchsegv", "chpst", "softlimit"),
    )
)
"""Programs that start the program named in their arguments."""
_NO_VALUE = "biknEHP0"
"""Letters of their options without a value. (`nice -n` has one, but it is a number.)"""
_NUMBER = re.compile(r"(0x[\da-f]+|[\d.,:]*[smhd]?)")
_ALWAYS_CODE = frozenset(
    (
        *("cmd", "command", "powershell", "pwsh", "powershell_ise", "wscript", "cscript", "mshta", "rundll32", "wsl"),
        *("ssh", "rsh", "adb", "su", "runuser", "script", "eval", "xargs", "parallel", "find", "watch", "at", "batch"),
        *("flock", "start", "start-process", "psql", "mysql", "mariadb", "sqlite3", "forfiles", "make", "gmake"),
    )
)
"""Programs that join their arguments into a line of code, or pass them to such a program."""
_BATCH = (".bat", ".cmd")


def refuse_unsafe(command: Sequence[str]) -> None:
    """Refuse a command in which a placeholder could be run as code. Raises ValueError that describes the safe way.

    `{name}`, `{reason}`, `{folder}` and `{text}` must be a whole argument, or the whole value of `--option=` or
    `VARIABLE=`. They must not be the program or the script, or stand before it, or be the value of an option that takes
    code. They must not occur in a command in which an interpreter takes code from its arguments, whatever starts the
    interpreter.
    """
    if command and _WORD.search(command[0]):
        raise ValueError(f"the program itself cannot be a placeholder: {_SAFE_WAY}")
    for before, argument in pairwise(command):
        if _FOREIGN.search(argument):
            _refuse_place(before, argument)
    for index, program in enumerate(command):
        if _has_foreign(command[index:]):
            _refuse_code(_name(program), command[index + 1 :])
    _refuse_run(command)


def _refuse_place(before: str, argument: str) -> None:
    found = _WHOLE.fullmatch(argument)
    if found is None:
        raise ValueError(
            f'{argument!r}: a placeholder must be a whole argument ("{{name}}") or the value of an option '
            f'("--name={{name}}"), because inside other text {_SAFE_WAY}'
        )
    option = (found["option"] or "").rstrip("=")
    if taking := next((one for one in (before, option) if _CODE_OPTION.fullmatch(one)), None):
        raise ValueError(f"{taking} often takes code, which cannot be a placeholder: {_SAFE_WAY}")


def _refuse_code(name: str, arguments: Sequence[str]) -> None:
    takes_code, _ = _INTERPRETERS.get(name, (None, ""))
    if takes_code and any(re.fullmatch(takes_code, one) for one in arguments):
        raise ValueError(f"{name} takes code from its arguments: {_SAFE_WAY}")


def _refuse_run(command: Sequence[str]) -> None:
    """Refuse placeholders as, or before, what a program runs, and anywhere for a program that runs its arguments."""
    if not _has_foreign(command):
        return
    name, arguments = _name(command[0]), command[1:]
    if name.endswith(_BATCH):
        raise ValueError(f"a batch file is run by cmd: {_SAFE_WAY}")
    if name in _ALWAYS_CODE:
        raise ValueError(f"{name} runs its arguments as code: {_SAFE_WAY}")
    if name in _INTERPRETERS or name in _STARTERS:
        is_starter = name in _STARTERS
        index = _run_by(arguments, _NO_VALUE if is_starter else _INTERPRETERS[name][1], is_starter=is_starter)
        before = [one for one in arguments[:index] if not (is_starter and _VARIABLE.fullmatch(one))]
        if _has_foreign(before):
            raise ValueError(f"what {name} runs must be named before any placeholder: {_SAFE_WAY}")
        if is_starter and index < len(arguments):
            _refuse_run(arguments[index:])


def _run_by(arguments: Sequence[str], no_value: str, *, is_starter: bool) -> int:
    """Return the index of the first argument that certainly is the program or script to run: it is neither an option
    nor possibly the value of one.
    """
    before = "--"
    for index, argument in enumerate(arguments):
        is_free = re.fullmatch(rf"[^-+].*|--|--[\w-]+=.*|[-+][{no_value}]+", before)
        is_other = argument.startswith(("-", "+")) or _FOREIGN.search(argument)
        is_setting = is_starter and ("=" in argument or _NUMBER.fullmatch(argument))
        if is_free and not is_other and not is_setting:
            return index
        before = argument
    return len(arguments)


def _has_foreign(arguments: Sequence[str]) -> bool:
    return any(map(_FOREIGN.search, arguments))


def _name(program: str) -> str:
    """Return a program's name without its folder, suffix and version: `python` for `python3.11` and `python3-dbg`.

    Ignores case, and dots and spaces at the end, as Windows does.
    """
    name = PureWindowsPath(program.strip().strip("\"'")).name.partition(":")[0].rstrip(". ").casefold()
    name = name.removesuffix(".exe").removesuffix(".com").rstrip(". ")
    is_known = name in _INTERPRETERS or name in _ALWAYS_CODE or name in _STARTERS or name.endswith(_BATCH)
    return name if is_known else re.sub(r"[-.\d]*((?<=\d)t|-dbg|-preview)?$", "", name)
