"""What a resident's form carries: words, and photos that stay in memory until the case is opened.

A photo that is too large is read on to its end and dropped, so that the words beside it aren't lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

from huying.intake.body import REFUSED
from huying.ledger.attachments import MOST_BYTES
from huying.ledger.said import Upload

MOST_PHOTOS = 8
MOST_TOGETHER = 4 * MOST_BYTES


@dataclass(frozen=True)
class Sent:
    """A form as it came. `left_out` names the photos that were too large; `broken` says that it isn't whole."""

    words: QueryDict
    photos: tuple[Upload, ...] = ()
    left_out: tuple[str, ...] = ()
    broken: bool = False

    def word(self, name: str) -> str:
        """One field, without space around it and with the line ends that a text has."""
        return str(self.words.get(name, "")).replace("\r\n", "\n").strip()


@dataclass
class _Held:
    content: list[bytes] = field(default_factory=list)
    size: int = 0


class Photos(FileUploadHandler):
    """Holds photos in memory, within bounds for each and for all."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.kept: list[Upload] = []
        self.left_out: list[str] = []
        self._now = _Held()
        self._together = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take the next bytes of the photo at hand, or count them where it is too large already."""
        self._now.size += len(raw_data)
        if self._fits():
            self._now.content.append(raw_data)
        else:
            self._now.content.clear()

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        """Put the photo at hand with the others; an empty one is a field in which nothing was chosen."""
        if not self._fits():
            self.left_out.append(self.file_name or "")
        elif self._now.size:
            self._together += self._now.size
            self.kept.append(Upload(self.file_name or "", b"".join(self._now.content)))
        self._now = _Held()
        return None

    def _fits(self) -> bool:
        return self._now.size <= MOST_BYTES and self._together + self._now.size <= MOST_TOGETHER


def read(request: HttpRequest) -> Sent:
    """What was sent. Nothing raises: what can't be read is told on the page."""
    if request.META.get(REFUSED):
        return Sent(QueryDict(), broken=True)
    photos = Photos(request)
    request.upload_handlers = [photos]
    try:
        words = request.POST
    except (MultiPartParserError, UnreadablePostError, RequestDataTooBig, SuspiciousOperation, BadRequest):
        return Sent(QueryDict(), broken=True)
    return Sent(words, tuple(photos.kept), tuple(photos.left_out))
