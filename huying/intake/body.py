"""Reading what was sent: a form of fields and files, within bounds, in UTF-8 and nothing else.

What is too large is refused before it is read where the caller says its length, and while it is read
otherwise. Files stay in memory until the case is opened: what carries a mark of secrecy touches no disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast
from urllib.parse import parse_qsl

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from huying.errors import BadForm, Busy, TooLarge, TooSlow, WrongKind
from huying.ledger.said import Upload

MEGABYTE = 1024 * 1024
MOST_BYTES = 64 * MEGABYTE
MOST_PLAIN_BYTES = MEGABYTE
MOST_FIELDS = 300
PLAIN, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
REFUSED = "huying.refused"
"""The key of the environment in which the server says why it gave a body up: large, slow, busy or broken."""
_NOT_UTF8 = {"zh-Hans": "不是 UTF-8", "en": "it isn't UTF-8"}
_MANY = {"zh-Hans": "字段太多", "en": "too many fields"}
BROKEN = {"zh-Hans": "内容不完整或已损坏", "en": "it is incomplete or damaged"}


@dataclass(frozen=True)
class Form:
    """What a form holds: each field's values in their order, and the files."""

    fields: Mapping[str, tuple[str, ...]]
    files: tuple[Upload, ...] = ()


class Stream(Protocol):
    """Where a body comes from."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass
class Bounded:
    """A stream that gives at most `most` bytes; more raise TooLarge."""

    stream: Stream
    most: int
    given: int = 0

    def read(self, size: int | None = None, /) -> bytes:
        """The next bytes, at most `size` of them; all that is left without a size."""
        left = self.most - self.given + 1
        chunk = self.stream.read(left if size is None or size < 0 else min(size, left))
        self.given += len(chunk)
        if self.given > self.most:
            raise TooLarge(most=self.most // MEGABYTE)
        return chunk


def read(request: HttpRequest) -> Form:
    """The form that was sent. Raises WrongKind, TooLarge, TooSlow or BadForm; nothing was kept then."""
    kind = _kind(request)
    most = MOST_BYTES if kind == PARTS else MOST_PLAIN_BYTES
    refused = request.META.get(REFUSED)
    if refused in ("slow", "busy"):
        raise TooSlow() if refused == "slow" else Busy()
    if refused == "large" or _length(request) > most:
        raise TooLarge(most=most // MEGABYTE)
    stream = Bounded(request, most)
    try:
        form = _READERS[kind](request, stream)
        # A connection that broke off: what came first isn't the whole call.
        if stream.given < _length(request):
            raise BadForm(why=BROKEN)
        return form
    except (RequestDataTooBig, TooManyFilesSent) as error:
        raise TooLarge(most=most // MEGABYTE) from error
    except TooManyFieldsSent as error:
        raise BadForm(why=_MANY) from error
    except UnicodeDecodeError as error:
        raise BadForm(why=_NOT_UTF8) from error
    except (MultiPartParserError, OSError) as error:
        raise BadForm(why=BROKEN) from error


def _kind(request: HttpRequest) -> str:
    """The kind of body; no kind at all is a form where nothing was sent."""
    kind = (request.content_type or "").lower()
    if kind in _READERS:
        return kind
    if not kind and not _length(request):
        return PLAIN
    raise WrongKind(kind=kind[:60])


def _length(request: HttpRequest) -> int:
    said = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(said) if said.isascii() and said.isdecimal() else 0


def _plain(request: HttpRequest, stream: Bounded) -> Form:
    text = stream.read().decode()
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except UnicodeDecodeError:
        raise
    except ValueError as error:
        raise BadForm(why=_MANY) from error
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value)
    return Form(fields)


def _parts(request: HttpRequest, stream: Bounded) -> Form:
    """The fields and files of a multipart body.

    Django's parser would put a sign of damage for each byte that isn't UTF-8. Read as Latin-1 no byte is
    lost, so that the check is made here.
    """
    gathered = Gathered()
    read_only = cast(Any, stream)  # the parser's type asks for lines too, which it never reads
    found, _ = Parser(request.META, read_only, [gathered], "latin-1").parse()
    fields = {_utf8(name): tuple(_utf8(str(value)) for value in found.getlist(name)) for name in found}
    if sum(map(len, fields.values())) > MOST_FIELDS:
        raise BadForm(why=_MANY)
    return Form(fields, tuple(Upload(_utf8(name), content) for name, content in gathered.files))


def _utf8(text: str) -> str:
    try:
        return text.encode("latin-1").decode()
    except UnicodeEncodeError:  # a file name that RFC 5987 spelled: it is decoded already
        return text


class Parser(MultiPartParser):
    """Django's parser, which leaves file names as they came: `attachments` looks at them."""

    def sanitize_file_name(self, file_name: str) -> str | None:
        """The name itself."""
        return file_name


class Gathered(FileUploadHandler):
    """Keeps what was uploaded in memory, as pairs of name and content."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[tuple[str, bytes]] = []
        self.chunks: list[bytes] = []

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take the next bytes of the file at hand."""
        self.chunks.append(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        """Put the file at hand with the others."""
        self.files.append((self.file_name or "", b"".join(self.chunks)))
        self.chunks = []
        return None


_READERS: dict[str, Callable[[HttpRequest, Bounded], Form]] = {PLAIN: _plain, PARTS: _parts}
