"""Where a database lies, told from its URL."""

from __future__ import annotations

from pathlib import Path

from dropdub.errors import StoreError


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite URL, None for any other database.

    Everything after `sqlite:///` is the path as it is: folders may have `?`, `#` and `%` in their names.
    Raises StoreError where an SQLite URL names no file.
    """
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0] != "sqlite":
        return None
    path = rest.removeprefix("/")
    if not path or path == ":memory:":
        raise StoreError(f"{url} names no file.", remedy="Write sqlite:/// and the path of the database.")
    return Path(path).absolute()
