"""A form that was received: its texts, and its files, which are uploads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dropdub.web.answering.errors import ApiError
from dropdub.web.uploads.upload import Upload


@dataclass(frozen=True)
class FormRules:
    """What a form may hold. Sizes in bytes.

    `files`: the number of files. `texts`: the number of other fields. `longest`: of one of them; `longest_of`: of those
    that may be longer, such as sound in data URLs, by name. `all_texts`: of all together: they are held in memory.

    `file_header` is written before the bytes of a file, and `file_suffix` appended to its name: for bare samples.
    """

    files: int = 1
    texts: int = 200
    longest: int = 200_000
    longest_of: Mapping[str, int] | None = None
    all_texts: int = 12_000_000
    file_header: bytes = b""
    file_suffix: str = ""

    def longest_text(self, field: str) -> int:
        return (self.longest_of or {}).get(field, self.longest)


@dataclass(frozen=True)
class Form:
    """The fields in the order in which they came; a name may be repeated."""

    texts: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, Upload], ...]

    def text(self, field: str) -> str | None:
        """Return the last text of a field; None without one."""
        return next((text for name, text in reversed(self.texts) if name == field), None)

    def all(self, field: str) -> list[str]:
        """Return all texts of a field that may be repeated, as `NAME` or as `NAME[]`."""
        return [text for name, text in self.texts if name in (field, f"{field}[]")]

    def members(self, field: str) -> dict[str, str]:
        """Return the texts of the members of a field, which are sent as `NAME[MEMBER]`, by member."""
        start = f"{field}["
        found = ((name, text) for name, text in self.texts if name.startswith(start) and name.endswith("]"))
        return {name[len(start) : -1]: text for name, text in found if name != f"{field}[]"}

    def file(self, field: str) -> Upload:
        """Return the file of a field. Raises ApiError 400 without one."""
        found = next((upload for name, upload in self.files if name == field), None)
        if found is None:
            raise ApiError(400, f"The form has no file in the field {field}.", param=field)
        return found
