"""`python -m tests.service.impatient`: dropdub that waits for a busy database for a second, not for a minute."""

from __future__ import annotations

from dropdub.cli.app import main
from dropdub.daemon import main as runs
from dropdub.store import database

if __name__ == "__main__":
    database.BUSY_TIMEOUT_MS = 200
    database.PATIENCE_S = 1.0
    runs.STORE_PATIENCE_S = 1.0
    main()
