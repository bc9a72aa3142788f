"""A root's daemon as a service of the operating system: installed once, started with the machine, restarted for years.

`plan.py` says what is to run; `systemd.py`, `launchd.py` and `windows.py` put it into their system's words;
`managed.py` installs it and asks after it.
"""

from dropdub.service.managed import ServiceStatus, status, unseen

__all__ = ["ServiceStatus", "status", "unseen"]
