"""Generate the pages of settings, commands and engines, the API's document, and the config.yaml of this checkout.

    .venv/bin/python docs/generate.py

`tests/unit/test_docs.py` and `tests/web/test_api_document.py` fail when one of them is out of date.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
import yaml
from typer.main import get_command

from dropdub.cli.commands import app
from dropdub.config import Config
from dropdub.config.live import live_settings
from dropdub.engines.guide import CHOICES, KINDS, ROWS, Kind, Purpose, cell
from dropdub.setup.new_root import config_text

HERE = Path(__file__).resolve().parent
API_DOCUMENT = HERE / "openapi.json"
PROGRAM = "dropdub"
GUIDE_BEGIN, GUIDE_END = "<!-- guide: made from dropdub.engines.guide -->", "<!-- guide: end -->"
CHECKOUT_HEAD = """\
# This checkout is a root: drop files into inbox/, start `dropdub watch`, collect the results from outbox/.
# It uses the compact engines, whose models `python3 tasks.py demo` downloads into models/. For cloned voices see
# docs/install.md (the quality engines).
#
"""
COMMANDS_HEAD = """\
# Every command

This page is the program's own help. `dropdub COMMAND --help` prints the same in a terminal. With `--json`, a command
prints its result as JSON with stable field names. Exit codes: 0 if all went well, 1 if a job or a check failed,
2 for wrong usage or settings.
"""


def _live() -> str:
    """Return the names of the settings that need no restart, as the end of a sentence."""
    *first, last = (f"`{name}`" for name in live_settings(Config))
    return f"{', '.join(first)} and {last}"


SETTINGS_HEAD = f"""\
# Every setting

This page is the `config.yaml` that `dropdub init` writes: every setting with its description and default. To change a
setting, remove the `# ` in front of it.

A running daemon notices that the file has changed, a few seconds after you have saved it. What is dropped, asked
for or monitored from then on uses the new values of {_live()}.
Everything else holds after the next start of the daemon; until then, `dropdub status` names what waits for that. Jobs
that were dropped before keep their options; `dropdub retry` uses the new ones. If the file cannot be used, the daemon
continues with the settings that it has, and says in `dropdub status`, in its log and where it prints what is wrong.
The web server uses the new values as soon as the daemon does; `dropdub serve` looks at the file itself, in the same
way, and prints what waits for its own restart, such as `web.port`.

- `dropdub config check` reports each mistake with its line and the values that are allowed, and what cannot succeed:
  engines, voices, models and an ffmpeg that do not exist, and languages between which nobody translates.
- `dropdub config show` prints the settings in force.
- An environment variable overrides a setting: `DROPDUB_INBOX__SETTLE=10` sets `inbox.settle`. A service does not see
  the environment of your terminal.
- The settings under `job` can also be given per folder (`profiles`) and per file (`talk.mp4.job.yaml`):
  [Options for one file](formats.md#options-for-one-file).
"""


def main() -> None:
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
    API_DOCUMENT.write_text(api_document(), encoding="utf-8")


def api_document() -> str:
    """Return the document of the web server's API. Needs the packages of the extra `web`."""
    from dropdub.web.app import described_routes  # noqa: PLC0415  the extra need not be installed for the other pages

    return json.dumps(described_routes(), indent=1, ensure_ascii=False) + "\n"


def pages() -> dict[Path, str]:
    """Return what each generated file has to contain."""
    return {
        HERE / "commands.md": commands_page(),
        HERE / "engines.md": engines_page(),
        HERE / "settings.md": settings_page(),
        HERE.parent / "config.yaml": checkout_config(),
    }


def engines_page() -> str:
    """Return the page of the engines, with the tables of the guide between its marks."""
    before, start, rest = (HERE / "engines.md").read_text(encoding="utf-8").partition(GUIDE_BEGIN)
    _, end, after = rest.partition(GUIDE_END)
    if not (start and end):
        raise ValueError("docs/engines.md has lost the marks of the guide")
    return f"{before}{start}\n\n{_guide()}\n{end}{after}"


def _guide() -> str:
    """Return what to choose on each kind of machine, and why."""
    heads = ["for", "languages", *(f"{name} or more" for name in KINDS.values())]
    rows = [[task.value, spoken.value, *(_cell(cell(task, spoken, kind)) for kind in Kind)] for task, spoken in ROWS]
    reasons = [
        [f"`{one.engine}`", f"{one.task.value}, {one.spoken.value}", one.commercial, one.why, one.basis, one.source]
        for one in CHOICES
    ]
    why = ["engine", "for", "commercial use", "why", "measured or claim", "source"]
    return f"{_table(heads, rows)}\n{_table(why, reasons)}"


def _cell(chosen: Mapping[Purpose, str]) -> str:
    """Return a cell: one choice, or two if the purpose makes a difference."""
    if chosen["private"] == chosen["commercial"]:
        return chosen["private"]
    return f"{chosen['private']}; commercially {chosen['commercial']}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def checkout_config() -> str:
    """Return the settings of a checkout: those of a new root with the compact engines, whose inbox holds a README."""
    text = CHECKOUT_HEAD + config_text("compact")
    return text.replace("# ignore: []", "ignore: [README.md]")


def settings_page() -> str:
    """Return one section for each top-level setting, as `config.yaml` has it."""
    sections = "".join(_section(lines) for lines in _blocks(config_text()))
    return f"{SETTINGS_HEAD}{sections}"


def _blocks(text: str) -> Iterator[list[str]]:
    """Yield the parts of `config.yaml` that blank lines separate, without its head."""
    yield from (block.splitlines() for block in text.strip().split("\n\n")[1:])


def _section(lines: list[str]) -> str:
    description = [line for line in lines if line.startswith("# ") and not _names_a_setting(line)]
    body = [line for line in lines if line not in description]
    name = body[0].removeprefix("# ").split(":")[0]
    words = " ".join(line.removeprefix("# ") for line in description)
    return f"\n## {name}\n\n{words}\n\n```yaml\n" + "\n".join(body) + "\n```\n"


def _names_a_setting(line: str) -> bool:
    name, colon, _ = line.removeprefix("# ").partition(":")
    return bool(colon) and name in Config.model_fields


def commands_page() -> str:
    """Return the help of every command, groups after single commands."""
    return COMMANDS_HEAD + "".join(_help(*one) for one in commands())


def commands() -> Iterator[tuple[str, Any, Any]]:
    """Yield each command's full name, the command, and the context that its help is made in."""
    top = get_command(app)
    context = typer.Context(top, info_name=PROGRAM, terminal_width=80)
    for name, command in sorted(top.commands.items(), key=lambda item: hasattr(item[1], "commands")):  # type: ignore[attr-defined]
        inner = typer.Context(command, info_name=name, parent=context)
        if not hasattr(command, "commands"):
            yield name, command, inner
        else:
            for sub, one in command.commands.items():
                yield f"{name} {sub}", one, typer.Context(one, info_name=sub, parent=inner)


def _help(name: str, command: Any, context: Any) -> str:
    return f"\n## {name}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"


def every_setting() -> set[str]:
    """Return the names of all settings, with their sections: `inbox.settle`."""
    return set(_names(Config))


def _names(model: Any, before: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if hasattr(inner, "model_fields"):
            yield from _names(inner, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def documented_settings() -> set[str]:
    """Return the names of the settings on the page, read from it as YAML with every default uncommented."""
    found: set[str] = set()
    for block in settings_page().split("```yaml\n")[1:]:
        page = block.split("```")[0].splitlines()
        lines = [line.replace("# ", "", 1) if _is_setting(line) else line for line in page]
        found |= set(_keys(yaml.safe_load("\n".join(line for line in lines if "#" not in line[:4])) or {}))
    return found


def _is_setting(line: str) -> bool:
    return ":" in line and line.strip().startswith("# ") and " " not in line.strip()[2:].split(":")[0]


def _keys(data: dict[str, Any], before: str = "") -> Iterator[str]:
    for name, value in data.items():
        if isinstance(value, dict) and value:
            yield from _keys(value, f"{before}{name}.")
        else:
            yield f"{before}{name}"


if __name__ == "__main__":
    main()
