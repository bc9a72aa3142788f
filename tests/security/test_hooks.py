"""A program that is notified of a job gets a file's name as plain data, and never runs what the name says."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from dropdub.config import Notify, load_config
from dropdub.errors import ConfigError
from dropdub.notify import placeholders
from dropdub.notify.hook import run_hook
from dropdub.process import DESKTOP, child_environment

UNSAFE = [
    ["sh", "-c", "echo done {name} >> log"],
    ["/bin/sh", "-c", "echo {folder}"],
    ["bash", "-lc", "echo {name}"],
    ["sh", "-c", "-x", "echo {name}"],
    ["perl", "-e", "1", "-e", "{name}"],
    ["bash", "-o", "pipefail", "-c", "echo {name}"],
    ["bash", "-o", "pipefail", "{name}"],
    ["bash-5.2", "--norc", "-ec", "echo {name}"],
    ["dash", "-c", "{name}"],
    ["zsh", "-fc", "{name}"],
    ["ksh", "-c", "{name}"],
    ["fish", "-c", "{name}"],
    ["fish", "--command={name}"],
    ["busybox", "sh", "-c", "{name}"],
    ["sh", "{name}"],
    ["env", "sh", "-c", "{name}"],
    ["/usr/bin/env", "-i", "A=b", "bash", "-c", "echo {name}"],
    ["env", "-S", "sh -c", "{name}"],
    ["env", "-Ssh -c {name}"],
    ["env", "{name}"],
    ["nice", "-n", "5", "sh", "-c", "echo {name}"],
    ["nice", "-n", "5", "{name}"],
    ["sudo", "-u", "bob", "sh", "-c", "echo {name}"],
    ["timeout", "60", "bash", "-c", "echo {reason}"],
    ["timeout", "60s", "{name}"],
    ["nohup", "setsid", "nice", "sh", "-c", "{name}"],
    ["{name}"],
    ["{folder}/run"],
    ["cmd", "/c", "x.bat", "{name}"],
    ["C:\\Windows\\System32\\CMD.EXE", "/k", "{name}"],
    ["cmd.exe.", "/c", "echo {name}"],
    ["powershell", "-Command", "Write-Host {name}"],
    ["powershell.exe", "-c", "{name}"],
    ["pwsh", "-EncodedCommand", "{name}"],
    ["pwsh", "-ec", "{name}"],
    ["PowerShell", "-File", "x.ps1", "{name}"],
    ["wscript", "x.vbs", "{name}"],
    ["cscript.exe", "x.js", "{name}"],
    ["x.bat", "{name}"],
    ["x.BAT", "{name}"],
    ["x.bat.", "{name}"],
    ["x.cmd ", "{name}"],
    ['"C:\\tools\\x.cmd"', "{name}"],
    ["x.bat. .", "{name}"],
    ["x.bat::$DATA", "{name}"],
    ["python", "-c", "print('{name}')"],
    ["python3.11", "-Ic", "print('{name}')"],
    ["python3", "-W", "ignore", "-c", "print('{name}')"],
    ["python3", "-W", "ignore", "{name}"],
    ["perl", "-we", "print '{name}'"],
    ["node", "-e", "console.log('{name}')"],
    ["node", "--eval=console.log('{name}')"],
    ["ruby", "-e", "puts '{name}'"],
    ["php", "-r", "echo '{name}';"],
    ["osascript", "-e", 'display notification "{name}"'],
    ["awk", "{print} {name}"],
    ["sed", "-e", "s/x/{name}/", "file"],
    ["xargs", "-I%", "echo", "{name}"],
    ["ssh", "host", "echo {name}"],
    ["su", "-c", "echo {name}", "bob"],
    ["sqlite3", "log.db", "insert into done values ('{name}')"],
    ["psql", "-c", "insert into done values ('{name}')"],
    # an option's value is not a script
    ["awk", "-F", "/", 'BEGIN {system("echo {name}")}'],
    ["gawk", "-F", "/", 'BEGIN {system("echo {name}")}'],
    ["awk", "-v", "p=./a", 'BEGIN {system("echo {name}")}'],
    ["awk", "-F", "/", "{name}"],
    ["awk", "-v", "p=./a", "{name}"],
    ["node", "--require", "./a.js", "-e", "x('{name}')"],
    ["node", "--require", "./a.js", "-e", "eval(process.argv[1])", "{name}"],
    ["node", "--require", "./a.js", "{name}"],
    ["ruby", "-I", "./lib", "-e", "eval ARGV[0]", "{name}"],
    ["php", "-d", "x=./y", "-r", "eval($argv[1]);", "{name}"],
    ["lua", "-l", "./x", "-e", "{name}"],
    ["python3", "-X", "./a", "{name}"],
    # whatever starts the shell
    ["setarch", "x86_64", "sh", "-c", 'eval "$1"', "_", "{name}"],
    ["choom", "-n", "0", "--", "sh", "-c", 'eval "$1"', "_", "{name}"],
    ["capsh", "--", "-c", "echo {name}"],
    ["capsh", "--", "-c", 'eval "$1"', "_", "{name}"],
    ["logsave", "log", "sh", "-c", 'eval "$1"', "_", "{name}"],
    ["sg", "root", "-c", "{name}"],
    ["/lib64/ld-linux-x86-64.so.2", "/bin/sh", "-c", 'eval "$1"', "_", "{name}"],
    ["docker", "exec", "box", "sh", "-c", 'eval "$1"', "_", "{name}"],
    ["kubectl", "exec", "box", "--", "bash", "-lc", 'eval "$1"', "_", "{name}"],
    ["uv", "run", "python3.13t", "-c", "import sys; exec(sys.argv[1])", "{name}"],
    ["npx", "-c", "{name}"],
    ["adb", "shell", "{name}"],
    ["sh", "-c", 'eval "$1"', "_", "{name}"],
    ["bash", "-c", 'echo "$1"', "_", "{name}"],
    # programs of all kinds that take code
    ["git", "-c", "alias.x=!echo {name}", "x"],
    ["git", "-c", "alias.x={name}", "x"],
    ["tar", "--checkpoint-action=exec=touch {name}", "-cf", "x", "y"],
    ["tar", "--checkpoint-action={name}", "-cf", "x", "y"],
    ["tar", "--checkpoint-action", "{name}", "-cf", "x", "y"],
    ["tar", "--to-command={name}", "-xf", "x"],
    ["tar", "-I", "echo {name}", "-cf", "x", "y"],
    ["tar", "-I", "{name}", "-cf", "x", "y"],
    ["gdb", "-ex", "shell echo {name}"],
    ["gdb", "-ex", "{name}"],
    ["julia", "-e", "{name}"],
    ["emacs", "--batch", "--eval", "{name}"],
    ["emacs", "--batch", "--eval={name}"],
    ["vim", "-c", "{name}"],
    ["rsync", "-e", "{name}", "a", "b"],
    ["python3-dbg", "-c", "import sys; exec(sys.argv[1])", "{name}"],
    ["pwsh-preview", "-Command", "{name}"],
    ["oksh", "-c", "{name}"],
    ["%COMSPEC%", "/c", "{name}"],
    ["make", "NAME={name}"],
    ["tell", "{name}: {reason}"],
    ["tell", "--text={name} failed"],
    ["tell", "--say=--name={name}"],
    ["tell", "{id}{name}"],
    # a word as the program that is started, or before it
    ["env", "-C", "/tmp", "{name}"],
    ["env", "-C", "{folder}", "tell"],
    ["env", "A={name}", "{name}"],
    ["sudo", "-u", "bob", "{name}"],
    ["sudo", "--user={name}", "tell"],
    ["sudo", "-u", "bob", "ssh", "host", "{name}"],
    ["sudo", "-u", "bob", "sh", "{name}"],
    ["sudo", "-n", "--", "{name}"],
    ["{id}"],
]
SAFE = [
    ["tell", "{name}"],
    ["/usr/local/bin/tell", "-x", "{name}", "--folder={folder}"],
    ["sh", "/opt/tell.sh", "{name}", "{folder}"],
    ["bash", "-e", "/opt/tell.sh", "-x", "{name}"],
    ["bash", "-o", "pipefail", "/opt/tell.sh", "{name}"],
    ["python3", "/opt/tell.py", "--name", "{name}"],
    ["python3", "-Iu", "-X", "utf8", "/opt/tell.py", "{name}"],
    ["python3", "-m", "tell", "{name}"],
    ["perl", "-w", "tell.pl", "{name}"],
    ["awk", "-F", "/", "{print}", "{name}"],
    ["awk", "-f", "tell.awk", "{name}"],
    ["sh", "-c", 'echo "$DROPDUB_JOB_NAME" >> log'],
    ["sh", "-c", "echo {} ${DROPDUB_JOB_NAME} {unknown}"],
    ["sh", "-c", "exit {id}"],
    ["powershell", "-Command", "exit {id}; # {state}"],
    ["x.bat", "{id}", "{state}"],
    ["cmd", "/c", "x.bat"],
    ["x.bat"],
    ["powershell", "-File", "x.ps1"],
    ["env", "A=b", "tell", "{name}"],
    ["env", "A={name}", "tell"],
    ["env", "A={name}", "sh", "-c", 'echo "$A" >> log'],
    ["nice", "-n", "5", "tell", "{name}"],
    ["nice", "tell", "watch", "{name}"],
    ["timeout", "60", "tell", "{name}"],
    ["timeout", "60", "git", "command", "{name}"],
    ["sudo", "systemctl", "start", "tell@{id}.service"],
    ["sudo", "-n", "-u", "bob", "/usr/local/bin/tell", "{name}"],
    ["sudo", "-nH", "tell", "{name}"],
    ["docker", "exec", "box", "tell", "{name}"],
    ["C:\\tools\\notify.exe", "{name}", "{state}"],
    ["notify-send", "Done", "{name}"],
    ["notify-send", "Job {id}: {state}", "{reason}"],
    ["curl", "-d", "{name}", "https://host/"],
    ["curl", "--data-urlencode", "name={name}", "https://host/"],
    [],
]


def test_words_of_the_job_in_code_are_refused_and_the_safe_way_is_named(tmp_path: Path) -> None:
    taken = []
    for command in UNSAFE:
        (tmp_path / "config.yaml").write_text(f"notify: {{on_failure: {command!r}}}", encoding="utf-8")
        try:
            load_config(tmp_path / "config.yaml")
        except ConfigError as error:
            assert "DROPDUB_JOB_NAME" in error.sentence, command
        else:
            taken.append(command)
    assert taken == []


def test_words_of_the_job_in_plain_arguments_are_accepted() -> None:
    for command in SAFE:
        assert Notify.model_validate({"on_success": command}).on_success == tuple(command)


def said(**data: object) -> dict[str, str]:
    return placeholders.facts_of({"data": {"id": 7, "name": "a.txt", "state": "failed", **data}})


@pytest.mark.parametrize("name", ["-rf.txt", "--output=x.txt", "@config.yaml", "-"])
def test_no_argument_becomes_an_option_or_a_file_of_options(name: str) -> None:
    command = ["tell", "{name}", "{name} ended", "--name={name}", "-x", "{folder}"]
    given = placeholders.arguments(command, said(name=name, published="/out/a"))
    assert given == ["tell", f"./{name}", f"./{name} ended", f"--name={name}", "-x", "/out/a"]


def test_characters_that_windows_maps_to_quotes_become_quotes_before_quoting() -> None:
    best_fit = {"＂": b'"', "\u3000": b" ", "\xad": b"-", "￥": b"\\", "ü": b"\xfc", "✓": b"?", "ā": b"a"}
    assert placeholders.narrowed("\xad-ü＂\u3000--out=āx✓￥", lambda char: best_fit.get(char, char.encode())) == (
        '--ü" --out=āx✓\\'
    )


def test_facts_for_a_program_have_one_line_and_no_terminal_control_characters() -> None:
    facts_told = said(name="a\n\x1b[2K\x9b2Kb\0.txt", reason="one\r\ntwo\u2028three")
    assert facts_told["name"] == "a [2K 2Kb .txt"
    assert facts_told["reason"] == "one two three"


SECRETS = {
    "DROPDUB_NOTIFY__WEBHOOK__SECRET": "s3cret",
    "DROPDUB_DATABASE": "postgresql://a:s3cret@host/x",
    "dropdub_notify": "s3cret",
    "HF_TOKEN": "s3cret",
    "AWS_SECRET_ACCESS_KEY": "s3cret",
    "PGPASSWORD": "s3cret",
    "NVIDIA_API_KEY": "s3cret",
    "PYTHON_KEYRING_PASSWORD": "s3cret",
    "XDG_TOKEN": "s3cret",
    "XDG_SESSION_COOKIE": "s3cret",
    "PYTHON_DB_URL": "s3cret",
    "PYTHON_GITHUB_PAT_1": "s3cret",
    "PYTHONANYWHERE_ACCOUNT": "s3cret",
    "MKL_DSN": "s3cret",
    "CUDA_PASS": "s3cret",
    "NVIDIA_API_KEY2": "s3cret",
    "NVIDIA_NGC_URL": "https://a:s3cret@host",
    "TORCH_HUB_PW": "s3cret",
    "TORCH_PAT_1": "s3cret",
    "HTTPS_PROXY": "http://a:s3cret@proxy",
    "SSH_AUTH_SOCK": "/s3cret",
}


def test_a_programs_environment_has_only_what_it_needs_and_what_it_is_granted() -> None:
    base = {**SECRETS, "PATH": "/bin", "LC_ALL": "C", "OMP_NUM_THREADS": "2", "SystemRoot": "C:\\Windows"}
    assert child_environment((), base) == {
        "PATH": "/bin", "LC_ALL": "C", "OMP_NUM_THREADS": "2", "SystemRoot": "C:\\Windows",
    }  # fmt: skip
    assert "s3cret" in child_environment(["HTTPS_PROXY"], base)["HTTPS_PROXY"]
    assert child_environment(["HTTPS_PROXY"], base).keys() & SECRETS.keys() == {"HTTPS_PROXY"}


def test_workers_get_the_variables_they_need() -> None:
    needed = (
        *(
            "PATH",
            "HOME",
            "LANG",
            "LC_ALL",
            "TZ",
            "SSL_CERT_FILE",
            "LD_LIBRARY_PATH",
            "FONTCONFIG_PATH",
            "XDG_CACHE_HOME",
        ),
        *("PYTHONPATH", "PYTHONUTF8", "PYTHONHASHSEED", "COVERAGE_PROCESS_START", "HF_HOME", "TORCH_HOME"),
        *("CUDA_VISIBLE_DEVICES", "CUDA_PATH", "CUDA_PATH_V12_1", "NVIDIA_VISIBLE_DEVICES", "HSA_OVERRIDE_GFX_VERSION"),
        *("PYTORCH_CUDA_ALLOC_CONF", "OMP_NUM_THREADS", "KMP_AFFINITY", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
        *("ESPEAK_DATA_PATH", "SystemRoot", "windir", "ComSpec", "ProgramFiles(x86)", "LOCALAPPDATA", "PATHEXT"),
    )
    assert child_environment((), dict.fromkeys(needed, "x")) == dict.fromkeys(needed, "x")


def test_only_notify_programs_get_the_desktop_bus() -> None:
    """Over it, a worker could have systemd start something outside of the daemon's unit."""
    base = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/1000/bus", "XDG_RUNTIME_DIR": "/run/user/1000"}
    assert child_environment((), base) == {}
    assert child_environment(DESKTOP, base) == base


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")
def test_a_name_that_is_a_command_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of a failed file reaches shell code the safe way; nothing of it is run, and no secret is there."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    name = "x$(touch PWNED); `touch PWNED` && touch PWNED #.txt"
    code = 'printf "%s\\n" "$DROPDUB_JOB_NAME" > seen-name; printf "%s\\n" "$@" >> seen-name; env > seen'
    (tmp_path / "tell.sh").write_text(code, encoding="utf-8")
    (command,) = {Notify.model_validate({"on_failure": ["sh", "./tell.sh", "{name}"]}).on_failure}
    spoken: list[str] = []
    environment = placeholders.environment(said(name=name), child_environment(), root=str(tmp_path), notice="n")
    run_hook(
        placeholders.arguments(command, said(name=name)), environment=environment, message=b"", deadline_s=30.0,
        lock_path=tmp_path / "hook.lock", stopping=threading.Event(), on_line=spoken.append,
    )  # fmt: skip
    assert spoken == []
    assert (tmp_path / "seen-name").read_text(encoding="utf-8").splitlines() == [name, name]
    assert "s3cret" not in (tmp_path / "seen").read_text(encoding="utf-8")
    assert not (tmp_path / "PWNED").exists()
    assert os.environ["HF_TOKEN"] == "s3cret"
