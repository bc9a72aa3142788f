"""Draw the picture of README.md from a real run of the demo:   .venv/bin/python docs/pictures.py"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent
COMMAND = "python3 tasks.py demo"


def main() -> None:
    done = subprocess.run(
        [sys.executable, "tasks.py", "demo"], cwd=HERE.parent, capture_output=True, encoding="utf-8", check=True
    )
    console = Console(record=True, width=82, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ {COMMAND}", style="bold green"))
    for line in done.stdout.rstrip().splitlines():
        console.print(Text(line, style=_style(line)))
    console.save_svg(str(HERE / "pictures" / "demo.svg"), title="Dropdub", unique_id="demo")


def _style(line: str) -> str:
    if " + " in line[:14]:
        return "cyan"
    return "bold" if line.startswith(("Look:", "Next:")) or line.endswith(".txt:") else ""


if __name__ == "__main__":
    main()
