"""Run a root's daemon as a system service, which starts automatically and restarts after a crash.

`description.py` describes what to run; `systemd.py`, `launchd.py` and `windows.py` translate that for their system;
`managed.py` installs the service, starts and stops it, and returns its status.
"""

from dropdub.service.managed import ServiceStatus, status, unseen

__all__ = ["ServiceStatus", "status", "unseen"]
