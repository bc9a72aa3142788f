"""Look up accounts: user ids and groups on POSIX, SIDs on Windows."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _SID_MAX_BYTES, _DOMAIN_MAX_CHARS = 68, 256

    def user_id(account: str) -> int | None:
        return None

    def groups_of(account: str) -> set[int]:
        return set()

    def private_groups(account: str) -> set[int]:
        return set()

    def sid_of(account: str) -> str | None:
        """Return an account's SID, which is the same in every language; None if there is no such account."""
        sid, text = ctypes.create_string_buffer(_SID_MAX_BYTES), wintypes.LPWSTR()
        domain, use = ctypes.create_unicode_buffer(_DOMAIN_MAX_CHARS), wintypes.DWORD()
        sizes = [ctypes.byref(wintypes.DWORD(size)) for size in (_SID_MAX_BYTES, _DOMAIN_MAX_CHARS)]
        library = ctypes.windll.advapi32
        if not library.LookupAccountNameW(None, account, sid, sizes[0], domain, sizes[1], ctypes.byref(use)):
            return None
        if not library.ConvertSidToStringSidW(sid, ctypes.byref(text)):
            return None
        found = str(text.value)
        ctypes.windll.kernel32.LocalFree(text)
        return found

else:
    import grp
    import pwd

    def user_id(account: str) -> int | None:
        """Return an account's user id; None if there is no such account."""
        try:
            return pwd.getpwnam(account).pw_uid
        except KeyError:
            return int(account) if account.isdigit() else None

    def groups_of(account: str) -> set[int]:
        """Return the ids of the groups that an account is in."""
        try:
            own = pwd.getpwnam(account).pw_gid
        except KeyError:
            return set()
        return {own, *(group.gr_gid for group in grp.getgrall() if account in group.gr_mem)}

    def private_groups(account: str) -> set[int]:
        """Return the account's primary group if it has the account's name and no other member, unlike `users`."""
        try:
            group = grp.getgrgid(pwd.getpwnam(account).pw_gid)
        except KeyError:
            return set()
        return {group.gr_gid} if group.gr_name == account and {*group.gr_mem} <= {account} else set()

    def sid_of(account: str) -> str | None:
        return None
