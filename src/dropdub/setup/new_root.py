"""Create a root: its folders, its record and its `config.yaml`."""

from __future__ import annotations

from pathlib import Path

from dropdub.config.template import template
from dropdub.errors import DropdubError, UsageError
from dropdub.files.durable import write_whole
from dropdub.files.privacy import private_files
from dropdub.kits import MODELS_OF_KITS, Kit
from dropdub.root import Root
from dropdub.root_record import RootRecord
from dropdub.yaml_edit import with_settings


@private_files()
def make_root(folder: Path, *, kit: Kit | None = None) -> Root:
    """Create a root, whose settings are those of a kit, or all defaults. No existing file is changed.

    Raises UsageError if the folder already is a root, or is a file; DropdubError if the system refuses.
    """
    root = Root.at(folder)
    if root.config_file.exists():
        raise UsageError(
            f"{root.config_file} already exists. It was not changed.",
            remedy="Choose another folder, or move that file away first.",
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file.", remedy="Choose a folder.")
    try:
        root.path.mkdir(mode=0o700, parents=True, exist_ok=True)  # on Windows, too, for this account and administrators
        root.create_folders()
        if RootRecord.load(root.path) is None:
            RootRecord.new(root).save(root)
        write_whole(root.config_file, config_text(kit).encode())
    except OSError as error:
        raise DropdubError(f"{error.filename or folder}: {error.strerror}.", remedy="Choose another folder.") from error
    return root


def config_text(kit: Kit | None = None) -> str:
    """Return the `config.yaml` of a new root, in which every setting except those of a kit is a comment with its
    default.
    """
    models = MODELS_OF_KITS[kit] if kit else {}
    return with_settings(template(), "models", {"use": dict(models)} if models else {})
