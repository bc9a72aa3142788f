"""Processes: identify them, start them so that none outlives its purpose, and kill whole process trees.

`posix.py` and `windows.py` have the same functions; what psutil can do on both is in `trees.py` and `identity.py`.
"""

from __future__ import annotations

import sys

from dropdub.process.environment import DESKTOP, SPARING_MALLOC, child_environment
from dropdub.process.exits import describe_exit, error_for_exit
from dropdub.process.identity import Identity, boot_id, identity_of, same_process
from dropdub.process.programs import find_program
from dropdub.process.reserved_output import reserved_output
from dropdub.process.shortage import MemoryReading, read_memory, shortage
from dropdub.process.survivors import reap_survivors
from dropdub.process.temporary import (
    own_temporary_folder,
    remove_temporary,
    temporary_environment,
    temporary_files_in,
)
from dropdub.process.trees import is_alive, kill_tree, tree_cpu_s, tree_memory

if sys.platform == "win32":
    from dropdub.process.windows import (
        Child,
        account_for,
        console_python,
        contain_self,
        end_self_and_children,
        home_of,
        inherited_fds,
        install_stop_handlers,
        is_administrator,
        is_being_written,
        kill_group,
        library_file,
        notify_service_manager,
        spawn,
        windowless_python,
    )
else:
    from dropdub.process.posix import (
        Child,
        account_for,
        console_python,
        contain_self,
        end_self_and_children,
        home_of,
        inherited_fds,
        install_stop_handlers,
        is_administrator,
        is_being_written,
        kill_group,
        library_file,
        notify_service_manager,
        spawn,
        windowless_python,
    )

__all__ = [
    "DESKTOP",
    "SPARING_MALLOC",
    "Child",
    "Identity",
    "MemoryReading",
    "account_for",
    "boot_id",
    "child_environment",
    "console_python",
    "contain_self",
    "describe_exit",
    "end_self_and_children",
    "error_for_exit",
    "find_program",
    "home_of",
    "identity_of",
    "inherited_fds",
    "install_stop_handlers",
    "is_administrator",
    "is_alive",
    "is_being_written",
    "kill_group",
    "kill_tree",
    "library_file",
    "notify_service_manager",
    "own_temporary_folder",
    "read_memory",
    "reap_survivors",
    "remove_temporary",
    "reserved_output",
    "same_process",
    "shortage",
    "spawn",
    "temporary_environment",
    "temporary_files_in",
    "tree_cpu_s",
    "tree_memory",
    "windowless_python",
]
