"""Photos, decoded and encoded again: where and with what they were taken, and whatever else hid in them, is gone."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError
from pillow_heif import register_heif_opener

from huying.ledger.vocabulary import Words

register_heif_opener()

MOST_PIXELS = 50_000_000
KINDS = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a phone's photo with a second picture behind it
    "PNG": "image/png",
    "WEBP": "image/webp",
    "HEIF": "image/jpeg",
    "GIF": "image/png",
}
_READABLE = tuple(kind for kind in KINDS if kind != "MPO")
DAMAGED = {"zh-Hans": "照片已损坏，打不开", "en": "the picture is damaged"}
TOO_LARGE = {"zh-Hans": "照片超过 5000 万像素", "en": "more than 50 megapixels"}


class Unfit(Exception):
    """A file that can't be taken; `why` says so by language."""

    def __init__(self, why: Words) -> None:
        super().__init__(why["en"])
        self.why = why


@dataclass(frozen=True)
class Picture:
    """What is kept of a photo: its pixels and nothing else."""

    content: bytes
    media: str


def read(content: bytes) -> Picture | None:
    """The clean picture, upright; None where the content is none. Raises Unfit for one that can't be taken."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(content), formats=_READABLE)
    except UnidentifiedImageError:
        return None
    except Image.DecompressionBombError as error:
        raise Unfit(TOO_LARGE) from error
    except Exception as error:
        raise Unfit(DAMAGED) from error
    if picture.width * picture.height > MOST_PIXELS:
        raise Unfit(TOO_LARGE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            media = KINDS[picture.format or ""]
            return Picture(_encoded(picture, media), media)
    except Exception as error:  # decoders raise whatever a crafted file leads them to
        raise Unfit(DAMAGED) from error


def _encoded(picture: Image.Image, media: str) -> bytes:
    ImageOps.exif_transpose(picture, in_place=True)
    plain = picture.convert("RGB" if media == "image/jpeg" else "RGBA")
    plain.info.clear()
    out = io.BytesIO()
    plain.save(out, media.removeprefix("image/").upper(), quality=88)
    return out.getvalue()
