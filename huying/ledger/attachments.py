"""Files by content: typed by their bytes, pictures re-encoded without EXIF, stored once under their hash.

A file is on disk and fsynced before the entry that names it is committed, so a receipt never names a
file that a crash can take (promise 1). Files nobody refers to any more are swept by `sweep`.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from huying.errors import BadFile, SecrecyMark, StorageFull, StorageReadOnly
from huying.ledger import papers, pictures, said
from huying.ledger.models import Document

MOST_BYTES = 20 * 1024 * 1024
LONGEST_NAME = 150
NAME = {"zh-Hans": "文件名", "en": "File name"}
FILE = {"zh-Hans": "文件", "en": "File"}
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
_KNOWN = frozenset([".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".gif", ".pdf", ".docx", ".xlsx", ".wav"])
_FULL = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
_BLOB = re.compile(r"[0-9a-f]{64}")
_SIZE = {"zh-Hans": "空文件，或超过 20 MB", "en": "empty, or larger than 20 MB"}
_UNKNOWN = {
    "zh-Hans": "按内容看不是照片、PDF、Word、Excel、录音或视频",
    "en": "by its content it is no picture, PDF, Word, Excel, sound or film",
}


@dataclass(frozen=True)
class Kept:
    """A file that can be kept: `blob` is the SHA-256 of what is kept, in hex; `size` in bytes."""

    blob: str
    name: str
    media: str
    size: int
    content: bytes = field(repr=False)


def check(upload: said.Upload) -> Kept:
    """What would be kept of an upload; nothing touches the disk here.

    Raises BadFile, naming the file and what is accepted, and SecrecyMark for a mark in the name or in the words
    of a PDF, Word or Excel file.
    """
    name = _clean(upload.name)
    if said.marked(name):
        raise SecrecyMark(field=NAME)
    if not upload.content or len(upload.content) > MOST_BYTES:
        raise BadFile(name=name, why=_SIZE)
    try:
        content, media, suffix = _typed(upload.content)
    except pictures.Unfit as unfit:
        raise BadFile(name=name, why=unfit.why) from unfit
    if content is None:
        raise BadFile(name=name, why=_UNKNOWN)
    return Kept(hashlib.sha256(content).hexdigest(), _ending(name, suffix), media, len(content), content)


def _typed(content: bytes) -> tuple[bytes | None, str, str]:
    """What is kept, its media type and the ending of its name; no content where it is nothing that is kept."""
    picture = pictures.read(content)
    if picture is not None:
        return picture.content, picture.media, SUFFIXES[picture.media]
    paper = papers.read(content)
    if paper is None:
        return None, "", ""
    if said.marked(paper.words):
        raise SecrecyMark(field=FILE)
    return content, paper.media, paper.suffix


def _clean(name: str) -> str:
    """The name without its folders, without what turns or hides letters, on one line."""
    shown = "".join(c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c)[0] != "C")
    last = re.split(r"[/\\]", " ".join(shown.split()))[-1].strip(". ")
    return last[-LONGEST_NAME:].strip(". ") or "file"


def _ending(name: str, suffix: str) -> str:
    """The name with the ending of what the file is: a photo called .exe or .heic is called .jpg in the end."""
    known = _KNOWN | {suffix}
    stem, dot, ending = name.rpartition(".")
    if f"{dot}{ending}".lower() == suffix:
        return name
    return (stem if f"{dot}{ending}".lower() in known and stem else name) + suffix


def path_of(blob: str) -> Path:
    """Where a stored file lies. Raises ValueError for what is no hash, so that no path leads out of the folder."""
    if not _BLOB.fullmatch(blob):
        raise ValueError("not the hash of a file")
    return folder() / blob[:2] / blob


def folder() -> Path:
    """The folder of all stored files."""
    return Path(settings.HUYING_HOME) / "files"


def store(kept: Kept) -> None:
    """Write a checked file under its hash, fsynced with the folders above; one that is there already stays.

    Raises StorageFull and StorageReadOnly; then nothing of it is left.
    """
    place = path_of(kept.blob)
    try:
        with _lock(fcntl.LOCK_SH):
            if place.exists():
                os.utime(place)  # so that a sweep that is under way leaves it
                return
            _write(place, kept.content)
    except OSError as error:
        raise (StorageFull() if error.errno in _FULL else StorageReadOnly()) from error


def _write(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=place.parent, prefix="draft-", delete=False) as draft:
        try:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
            Path(draft.name).replace(place)
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise
    for above in (place.parent, place.parent.parent, place.parent.parent.parent):
        _sync_folder(above)


def _sync_folder(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _lock(kind: int) -> Iterator[None]:
    """Storing is shared, sweeping is alone: a file that is just being referred to again isn't swept."""
    folder().mkdir(parents=True, exist_ok=True)
    with (folder() / ".lock").open("ab") as held:
        fcntl.flock(held, kind)
        yield


def intact(blob: str) -> bool:
    """Whether the stored file still has the hash it is named by."""
    if not _BLOB.fullmatch(blob):
        return False
    try:
        with path_of(blob).open("rb") as stored:
            return hashlib.file_digest(stored, "sha256").hexdigest() == blob
    except OSError:
        return False


def sweep(*, older_than: float) -> int:
    """Delete stored files that no document refers to and that are older than a timestamp; how many.

    Drafts that a crash left behind are among them. The timestamp must lie further back than any step takes.
    """
    swept = 0
    for below in sorted(folder().glob("??")):
        places = {place.name: place for place in below.iterdir()}
        used = Document.objects.filter(blob__in=places, erased=None).values_list("blob", flat=True)
        for name in places.keys() - set(used):
            swept += _drop(places[name], older_than)
    return swept


def release(blobs: Iterable[str], *, older_than: float) -> int:
    """Delete the content of these files where no document refers to it any more; how many were deleted.

    One that was stored since that timestamp stays: a call that is just coming in may be about to name it.
    """
    dropped = 0
    for blob in sorted(blobs):
        place = path_of(blob)
        if place.exists() and not Document.objects.filter(blob=blob, erased=None).exists():
            dropped += _drop(place, older_than)
    return dropped


def _drop(place: Path, older_than: float) -> bool:
    with _lock(fcntl.LOCK_EX):
        if place.stat().st_mtime >= older_than:
            return False
        place.unlink()
        return True
