"""What handlers of requests share, without a server around it, and without a daemon."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from dropdub.config import load_config
from dropdub.operations.place import Place
from dropdub.root import Root
from dropdub.store.database import Store
from dropdub.web.site import Site


@contextmanager
def site_at(folder: Path) -> Iterator[Site]:
    """Yield the site of a new root, with the usual settings."""
    (folder / "config.yaml").write_text("{}", encoding="utf-8")
    root = Root.at(folder)
    root.create_folders()
    Store.open(root.database_url).close()
    with closing(Site(Place(root, root.database_url), load_config(root.config_file), None)) as made:
        yield made
