"""Arguments and options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

Context = typer.Context
Ref = Annotated[str, typer.Argument(metavar="JOB", help="Job number, file name, or name without suffix.")]
Refs = Annotated[
    list[str] | None, typer.Argument(metavar="[JOB]...", help="Job numbers, file names, or names without suffix.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
