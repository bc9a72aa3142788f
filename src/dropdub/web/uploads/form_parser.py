"""Parse a form while it arrives: files go straight to their uploads, texts into memory, both bounded.

python-multipart's parser finds the parts; its own form, like that of every framework on top of it, would write files to
the system's temporary folder first, which may be small, and on another disk than the uploads.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser

from dropdub.errors import EmptyFile
from dropdub.units import format_size
from dropdub.web.answering.errors import ApiError
from dropdub.web.uploads.folder import Uploads, tidy_name
from dropdub.web.uploads.form import Form, FormRules
from dropdub.web.uploads.form_headers import Disposition
from dropdub.web.uploads.limits import refuse_kind
from dropdub.web.uploads.upload import Upload
from dropdub.web.uploads.writing import Writing

_MOST_HEADERS = 16
_LONGEST_HEADER = 8192


class FormParser:
    """Takes the bytes of one form. All methods block: call them in a thread, one at a time.

    `coming`: the length of the whole form in bytes, 0 if it is unknown.
    """

    def __init__(self, boundary: bytes, uploads: Uploads, rules: FormRules, *, coming: int) -> None:
        self._uploads, self._rules, self._coming = uploads, rules, coming
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._begin_content,
                "on_part_data": self._content,
                "on_part_end": self._end,
                "on_end": self._end_form,
            },
            max_header_count=_MOST_HEADERS,
            max_header_size=_LONGEST_HEADER,
        )
        self._texts = list[tuple[str, str]]()
        self._text_bytes = 0
        self._files = list[tuple[str, Upload]]()
        self._has_ended = False
        self._name, self._value = bytearray(), bytearray()
        self._headers = dict[bytes, bytes]()
        self._part: _Text | _File | None = None

    def feed(self, parts: Sequence[bytes]) -> None:
        """Take the next bytes. Raises ApiError: 400 if they are no form, and what refuses a file."""
        for part in parts:
            try:
                self._parser.write(part)
            except MultipartParseError as error:
                raise ApiError(400, f"The form cannot be read: {error}.") from error

    def finish(self) -> Form:
        """Return the form, with all its files hashed and flushed. Raises ApiError 400 if it was cut off."""
        if not self._has_ended:
            raise ApiError(400, "The form ends before its closing boundary.")
        self._files = [(field, self._uploads.hash(upload)) for field, upload in self._files]
        return Form(tuple(self._texts), tuple(self._files))

    def abandon(self) -> None:
        """Remove the files that no job was made of."""
        if isinstance(self._part, _File):
            self._part.abandon()
        for _, upload in self._files:
            self._uploads.release(upload)

    def _begin(self) -> None:
        self._headers = {}

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name, self._value = bytearray(), bytearray()

    def _begin_content(self) -> None:
        part = Disposition.of(self._headers.get(b"content-disposition"))
        if part.filename is None:
            self._refuse_number(len(self._texts), self._rules.texts, "fields", part.field)
            self._part = _Text(part.field, self._rules.longest_text(part.field))
        else:
            self._refuse_number(len(self._files), self._rules.files, "files", part.field)
            self._part = _File(part.field, part.filename, self._uploads, self._rules, self._coming)

    def _refuse_number(self, number: int, most: int, what: str, field: str) -> None:
        if number >= most:
            raise ApiError(400, f"The form has too many {what}: at most {most} can be sent.", param=field)

    def _content(self, data: bytes, start: int, end: int) -> None:
        content = memoryview(data)[start:end]
        if isinstance(self._part, _Text):
            self._text_bytes += len(content)
            if self._text_bytes > self._rules.all_texts:
                most = format_size(self._rules.all_texts)
                raise ApiError(413, f"The form's texts are too long: at most {most} can be sent.")
        if self._part is not None:
            self._part.add(content)

    def _end(self) -> None:
        if isinstance(self._part, _Text):
            self._texts.append(self._part.read())
        elif self._part is not None:
            self._files += self._part.read()
        self._part = None

    def _end_form(self) -> None:
        self._has_ended = True


class _Text:
    """A text that is being received."""

    def __init__(self, field: str, longest: int) -> None:
        self._field, self._longest = field, longest
        self._content = bytearray()

    def add(self, content: memoryview) -> None:
        self._content += content
        if len(self._content) > self._longest:
            message = f"The field {self._field} is too long: at most {format_size(self._longest)} can be sent."
            raise ApiError(413, message, param=self._field)

    def read(self) -> tuple[str, str]:
        try:
            return self._field, self._content.decode()
        except UnicodeDecodeError as error:
            raise ApiError(400, f"The field {self._field} is not UTF-8.", param=self._field) from error


class _File:
    """A file that is being received. Its upload is created with the first byte."""

    def __init__(self, field: str, filename: str, uploads: Uploads, rules: FormRules, coming: int) -> None:
        self._field, self._uploads, self._coming = field, uploads, coming
        self._filename = f"{filename}{rules.file_suffix}" if filename else ""
        self._header = rules.file_header
        self._upload: Upload | None = None
        self._writing: Writing | None = None
        refuse_kind(tidy_name(self._filename))

    def add(self, content: memoryview) -> None:
        if self._writing is None:
            self._upload = self._uploads.create(self._filename or self._field, size=None, resumable=False)
            self._writing = self._uploads.write(self._upload, coming=self._coming)
            self._writing.write([self._header] if self._header else [])
        self._writing.write([content])

    def read(self) -> list[tuple[str, Upload]]:
        """Return field and upload; nothing if no file was chosen: browsers then send an empty part without a name."""
        writing, self._writing = self._writing, None
        if writing is not None:
            return [(self._field, self._uploads.close(writing))]
        if self._filename:
            name = tidy_name(self._filename)
            raise ApiError(422, f"{name} is empty.", "EmptyFile", self._field, EmptyFile.usual_remedy)
        return []

    def abandon(self) -> None:
        """Close and remove what was received."""
        if self._writing is not None:
            with contextlib.suppress(ApiError):  # on a full disk; nothing has to be recorded
                self._uploads.close(self._writing)
        if self._upload is not None:
            self._uploads.release(self._upload)
