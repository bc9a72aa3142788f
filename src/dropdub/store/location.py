"""The location of the database: from the setting to its URL, and from the URL to its file."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from dropdub.errors import ConfigError, StoreError
from dropdub.root import Root

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
"""At least two letters: a single letter is a Windows drive."""
_OF_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")
"""A Windows path. Other systems would take it for a file in the root with an odd name."""
_SERVER = "postgresql"
_FORMS = (
    "Set database in config.yaml to the path of a file, absolute or relative to the root, "
    "or to postgresql://USER:PASSWORD@HOST/NAME."
)


def database_url(setting: str | None, root: Root) -> str:
    """Return the URL for the setting `database`; without one, that of jobs.db in the root.

    Does not check that the folder or the driver exists. Raises ConfigError if it is neither a path nor a known URL.
    """
    if not setting:
        return root.database_url
    scheme = _SCHEME.match(setting)
    if scheme is None:
        return _url_of(root, _expanded(setting))
    if setting.startswith("://", scheme.end() - 1):
        file = _sqlite_path(setting)
        if file is not None:
            return _url_of(root, file)
        if scheme[1].partition("+")[0] == _SERVER:
            return setting
    raise ConfigError(f"database: {scheme[1]}: is neither a path nor a supported database.", remedy=_FORMS)


def usable_url(setting: str | None, root: Root) -> str:
    """Return the URL for the setting `database` after checking that it can be opened.

    Raises ConfigError if it is neither a path nor a known URL, if the file's folder is missing, if the file is a
    folder, or if the server's driver is not installed.
    """
    url = database_url(setting, root)
    file = sqlite_file(url)
    if file is None:
        _refuse_server(url)
    elif _is_folder(file):
        raise ConfigError(f"database: {file} is a folder.", remedy="Add a file name to the path in config.yaml.")
    elif not _is_folder(file.parent):
        raise ConfigError(
            f"database: the folder {file.parent} does not exist or cannot be read.",
            remedy="Connect its disk, create the folder, or correct database in config.yaml.",
        )
    return url


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite URL; None for any other database.

    Everything after `sqlite:///` is taken literally: folders may have `?`, `#` and `%` in their names.
    Raises StoreError if an SQLite URL names no file.
    """
    path = _sqlite_path(url)
    return path.absolute() if path is not None else None


def _sqlite_path(url: str) -> Path | None:
    """Return the path in an SQLite URL as written."""
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0] != "sqlite":
        return None
    path = rest.removeprefix("/")
    if not path or path == ":memory:":
        raise StoreError(f"{url} names no file.", remedy="Write sqlite:/// followed by the path of the database.")
    return Path(path)


def _url_of(root: Root, path: Path) -> str:
    """Return the URL of a file. A relative path is relative to the root, not to the current folder."""
    return f"sqlite:///{root.path / path}"


def _is_folder(path: Path) -> bool:
    """Do the same as `files.durable.is_folder`, whose import would slow `dropdub status` down."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _expanded(setting: str) -> Path:
    if sys.platform != "win32" and _OF_WINDOWS.match(setting):
        raise ConfigError(f"database: {setting} is a Windows path.", remedy=_FORMS)
    try:
        return Path(setting).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"database: the home folder in {setting} is unknown.", remedy=_FORMS) from error


def _refuse_server(url: str) -> None:
    """Raise ConfigError for a server's URL that SQLAlchemy cannot parse or has no driver for.

    The message never shows the password.
    """
    from sqlalchemy import make_url  # noqa: PLC0415  slow, and not needed for SQLite
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        dialect = make_url(url).get_dialect()
    except (ArgumentError, ValueError) as error:
        scheme = url.partition("://")[0]
        raise ConfigError(f"database: the URL that starts with {scheme}:// cannot be parsed.", remedy=_FORMS) from error
    try:
        dialect.import_dbapi()
    except ImportError as error:
        from dropdub.installation import adding_command  # noqa: PLC0415  slow, and not needed for SQLite

        raise ConfigError(
            f"database: its driver is not installed ({error.name or error}).",
            remedy=f"Install it with:\n  {adding_command(str(error.name))}\nOr set database to the path of a file.",
        ) from error
