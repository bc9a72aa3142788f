"""Which commands may have words of a job in their arguments, and which would run what a file's name says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PureWindowsPath

WORDS = ("id", "name", "state", "reason", "folder")
"""What stands in braces for something of the job, and as DROPDUB_JOB_… in the environment of the program."""
_WORD = re.compile(r"\{(" + "|".join(WORDS) + r")\}")
_SAFE_WAY = (
    "there, what a file's name says would be run; leave out what is in braces, and let it read DROPDUB_JOB_NAME, "
    "DROPDUB_JOB_FOLDER … from its environment"
)
_SHELLS = frozenset(
    [
        "sh",
        "bash",
        "rbash",
        "dash",
        "ash",
        "zsh",
        "ksh",
        "ksh93",
        "mksh",
        "pdksh",
        "yash",
        "csh",
        "tcsh",
        "fish",
        "elvish",
        "nu",
        "xonsh",
    ]
)
_CODE_FLAG = {
    **dict.fromkeys(_SHELLS, r"(-|\+)\w*c\w*|--command(=.*)?|--init-command(=.*)?|-C.*|--commands(=.*)?"),
    **dict.fromkeys(("python", "pythonw", "pypy", "py"), r"-\w*c.*"),
    **dict.fromkeys(("perl", "ruby"), r"-(?![MmI])\w*[eE].*"),
    **dict.fromkeys(("node", "nodejs", "bun", "deno"), r"-(e|p|pe|ep).*|--(eval|print)(=.*)?|eval"),
    **dict.fromkeys(("php", "lua", "luajit", "r", "rscript", "osascript", "expect", "tclsh"), r"-\w*[ercBRE].*"),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk", "sed", "gsed"), r"-e.*|--(expression|source)(=.*)?"),
}
"""Interpreters, and the options with which they take code from their arguments. A script's own arguments are safe."""
_ALWAYS_CODE = frozenset(
    [
        "cmd",
        "command",
        "powershell",
        "pwsh",
        "powershell_ise",
        "wscript",
        "cscript",
        "mshta",
        "rundll32",
        "wsl",
        "ssh",
        "rsh",
        "su",
        "runuser",
        "script",
        "eval",
        "xargs",
        "parallel",
        "find",
        "watch",
        "at",
        "batch",
        "flock",
        "start",
        "start-process",
        "psql",
        "mysql",
        "mariadb",
        "sqlite3",
        "forfiles",
    ]
)
"""Programs that join their arguments to a line of code, or pass them to one that does."""
_WITH_VALUE = frozenset(["-o", "+o", "-O", "+O", "-W", "-X", "--rcfile", "--init-file"])
"""Options of interpreters whose value is the next argument."""
_BATCH = (".bat", ".cmd")
_STARTERS = frozenset(
    [
        "env",
        "nice",
        "ionice",
        "chrt",
        "taskset",
        "nohup",
        "setsid",
        "stdbuf",
        "timeout",
        "sudo",
        "doas",
        "time",
        "busybox",
        "toybox",
        "exec",
        "unshare",
        "nsenter",
        "systemd-run",
        "systemd-inhibit",
        "caffeinate",
        "firejail",
        "bwrap",
        "chroot",
        "setpriv",
        "numactl",
        "prlimit",
        "flatpak-spawn",
        "dbus-run-session",
        "proxychains",
        "tsocks",
        "catchsegv",
        "strace",
        "ltrace",
        "unbuffer",
        "chpst",
        "softlimit",
    ]
)
"""Programs that start the program that their arguments name."""


def refuse_unsafe(command: Sequence[str]) -> None:
    """Refuse a command in which words of the job would be taken for code. Raises ValueError that names the safe way."""
    if not any(map(_has_word, command)):
        return
    if _has_word(command[0]):
        raise ValueError(f"the program itself cannot be a word of the job: {_SAFE_WAY}")
    name = _name(command[0])
    if name.endswith(_BATCH):
        raise ValueError(f"a batch file is run by cmd: {_SAFE_WAY}")
    if name in _ALWAYS_CODE:
        raise ValueError(f"{name} takes its arguments as code: {_SAFE_WAY}")
    if name in _CODE_FLAG:
        _refuse_code(name, command[1:])
    if name in _STARTERS:
        _refuse_started(name, command[1:])


def _refuse_code(name: str, arguments: Sequence[str]) -> None:
    """Refuse a word of the job in code, or as the script; what comes after either is its own arguments, and safe."""
    code_is_next, given = False, False
    for before, argument in zip(("", *arguments), arguments, strict=False):
        is_flag = re.fullmatch(_CODE_FLAG[name], argument) is not None
        if _has_word(argument) and (is_flag or code_is_next or not given):
            raise ValueError(f"what {name} runs cannot have a word of the job in it: {_SAFE_WAY}")
        if is_flag:
            code_is_next = True
        elif not argument.startswith(("-", "+")) and before not in _WITH_VALUE:
            if not code_is_next and re.search(r"[./\\]", argument):  # a script: what comes now is its own
                return
            code_is_next, given = False, True


def _refuse_started(name: str, arguments: Sequence[str]) -> None:
    """Refuse what the command that is started would be refused for: which argument it is depends on the options
    before, so that each is tried that may be it.
    """
    for index, argument in enumerate(arguments):
        if _has_word(argument):
            before = [one for one in arguments[:index] if not one.startswith("-") and "=" not in one]
            if not before or all(re.fullmatch(r"[\d.,:]*[smhd]?", one) for one in before):
                raise ValueError(f"what {name} starts cannot be a word of the job: {_SAFE_WAY}")
            return
        refuse_unsafe(arguments[index:])
        if argument.startswith(("-S", "--split-string")) and name == "env":
            raise ValueError(f"env {argument} splits its arguments: {_SAFE_WAY}")


def _has_word(argument: str) -> bool:
    return _WORD.search(argument) is not None


def _name(program: str) -> str:
    """Return a program's name as the system finds it: Windows ignores capitals, and dots and blanks at the end.

    `python3.11` is python, and `bash-5.2` bash.
    """
    name = PureWindowsPath(program.strip().strip("\"'")).name.partition(":")[0].rstrip(". ").casefold()
    name = name.removesuffix(".exe").removesuffix(".com").rstrip(". ")
    is_known = name in _CODE_FLAG or name in _ALWAYS_CODE or name in _STARTERS or name.endswith(_BATCH)
    return name if is_known else re.sub(r"[-.\d]+$", "", name)
