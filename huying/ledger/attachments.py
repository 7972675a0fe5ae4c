"""Files by content: typed by their bytes, pictures re-encoded without EXIF, stored once under their hash.

A file is on disk and fsynced before the entry that names it is committed, so a receipt never names a
file that a crash can take (promise 1). Files nobody refers to any more are swept by `sweep`.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import puremagic
from django.conf import settings
from PIL import Image, ImageOps, UnidentifiedImageError
from pillow_heif import register_heif_opener

from huying.errors import BadFile, StorageFull
from huying.ledger.models import Document
from huying.ledger.said import Upload, text

register_heif_opener()

MOST_BYTES = 20 * 1024 * 1024
MOST_PIXELS = 50_000_000
PICTURES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/jpeg", "GIF": "image/png"}
DOCUMENTS = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".mp4": "video/mp4",
}
NAME = {"zh-Hans": "文件名", "en": "File name"}
HUGE = {"zh-Hans": "照片超过 5000 万像素", "en": "more than 50 megapixels"}


@dataclass(frozen=True)
class Kept:
    """A stored file: `blob` is the SHA-256 of what was kept, in hex; `size` in bytes."""

    blob: str
    name: str
    media: str
    size: int


def keep(upload: Upload) -> Kept:
    """Store one upload and return what was kept. Raises BadFile, naming the file and what is accepted."""
    name = _name(upload.name)
    if not upload.content or len(upload.content) > MOST_BYTES:
        raise BadFile(name=name, why={"zh-Hans": "空文件，或超过 20 MB", "en": "empty, or larger than 20 MB"})
    content, media = _picture(name, upload.content) or _document(name, upload.content)
    blob = hashlib.sha256(content).hexdigest()
    _store(blob, content)
    return Kept(blob, name, media, len(content))


def _name(name: str) -> str:
    last = text(name.replace("\\", "/").rsplit("/", 1)[-1], NAME)
    return last[-200:] or "file"


def _picture(name: str, content: bytes) -> tuple[bytes, str] | None:
    """A picture, decoded and encoded again: its EXIF, and whatever else hid in it, is gone."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content))
    except Image.DecompressionBombError as error:
        raise BadFile(name=name, why=HUGE) from error
    except (UnidentifiedImageError, ValueError, OSError):
        return None
    media = PICTURES.get(picture.format or "")
    if media is None:
        return None
    if picture.width * picture.height > MOST_PIXELS:
        raise BadFile(name=name, why=HUGE)
    try:
        return _encoded(picture, media), media
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        why = {"zh-Hans": "照片已损坏，打不开", "en": "the picture is damaged"}
        raise BadFile(name=name, why=why) from error


def _encoded(picture: Image.Image, media: str) -> bytes:
    upright = ImageOps.exif_transpose(picture)
    plain = upright.convert("RGB" if media == "image/jpeg" else "RGBA")
    clean = Image.frombytes(plain.mode, plain.size, plain.tobytes())
    out = io.BytesIO()
    clean.save(out, media.removeprefix("image/").upper(), quality=88)
    return out.getvalue()


def _document(name: str, content: bytes) -> tuple[bytes, str]:
    """Another kind that is kept as it came, recognised by its content."""
    try:
        found = puremagic.from_string(content, filename=None)
    except (puremagic.PureError, ValueError):
        found = ""
    if found not in DOCUMENTS and _zip_kind(content):
        found = _zip_kind(content)
    if found in DOCUMENTS:
        return content, DOCUMENTS[found]
    why = {
        "zh-Hans": "按内容看不是照片、PDF、Word、Excel、录音或视频",
        "en": "by its content it is no picture, PDF, Word, Excel, sound or film",
    }
    raise BadFile(name=name, why=why)


def _zip_kind(content: bytes) -> str:
    if not content.startswith(b"PK\x03\x04"):
        return ""
    return ".docx" if b"word/" in content[:4096] else ".xlsx" if b"xl/" in content[:4096] else ""


def path_of(blob: str) -> Path:
    """Where a stored file lies."""
    return Path(settings.HUYING_HOME) / "files" / blob[:2] / blob


def _store(blob: str, content: bytes) -> None:
    """Write under the hash, fsync the file and its folder; a file that is there already is left alone."""
    place = path_of(blob)
    if place.exists():
        return
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as draft:
            try:
                draft.write(content)
                draft.flush()
                os.fsync(draft.fileno())
                Path(draft.name).replace(place)
            except BaseException:
                Path(draft.name).unlink(missing_ok=True)
                raise
        _sync_folder(place.parent)
    except OSError as error:
        raise StorageFull() from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def intact(blob: str) -> bool:
    """Whether the stored file still has the hash it is named by."""
    place = path_of(blob)
    return place.exists() and hashlib.sha256(place.read_bytes()).hexdigest() == blob


def sweep(*, older_than: float) -> int:
    """Delete stored files that no document refers to and that are older than a timestamp; how many."""
    swept = 0
    for place in (Path(settings.HUYING_HOME) / "files").glob("??/*"):
        unused = not Document.objects.filter(blob=place.name, erased=None).exists()
        if unused and place.stat().st_mtime < older_than:
            place.unlink()
            swept += 1
    return swept
