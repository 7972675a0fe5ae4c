"""Files as people send them, and as somebody sends them who means harm: made here, byte by byte."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

from PIL import Image
from PIL.TiffImagePlugin import IFDRational
from pillow_heif import register_heif_opener

register_heif_opener()
SECRET_PLACE = b"GPS-31.2304-121.4737"
OFFICE_TYPES = "<?xml version='1.0'?><Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>"


def photo(kind: str = "JPEG", size: tuple[int, int] = (64, 48), mode: str = "RGB") -> bytes:
    """A photo with the place and time at which it was taken, in every way its kind knows."""
    picture = Image.linear_gradient("L").resize(size).convert(mode)
    exif = Image.Exif()
    exif[0x010F] = "HUAWEI"
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x9286] = SECRET_PLACE.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (IFDRational(31), IFDRational(13), IFDRational(49)), 29: "2026:06:15"})
    out = io.BytesIO()
    more: dict[str, object] = {"xmp": b"<x:xmpmeta>" + SECRET_PLACE + b"</x:xmpmeta>"}
    if kind == "JPEG":
        more["comment"] = SECRET_PLACE
    if kind == "GIF":
        picture.convert("P").save(out, "GIF", comment=SECRET_PLACE)
        return out.getvalue()
    picture.save(out, kind, exif=exif, **more)
    return out.getvalue() + SECRET_PLACE


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of one colour with any pixel count its head claims, and other chunks before its data."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(b"\0" * min((width + 1) * height, 10_000_000))
    parts = [(b"IHDR", head), *chunks, (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )


def pdf(text: str = "情况说明", *, before: bytes = b"", more: bytes = b"") -> bytes:
    """A PDF of one page with a line of Chinese."""
    stream = f"BT /F1 24 Tf 72 720 Td <{text.encode('utf-16-be').hex()}> Tj ET".encode()
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 4 0 R>>>>/Contents 5 0 R>>",
        b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UTF16-H/DescendantFonts[6 0 R]>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>>>",
    ]
    out, places = before + b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj" % number + part + b"endobj\n"
    start = len(out)
    out += b"xref\n0 7\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer<</Size 7/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (more, start)


def office(parts: Mapping[str, str | bytes], *, comment: bytes = b"") -> bytes:
    """An archive with these parts, as Word and Excel files are."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        archive.comment = comment
    return out.getvalue()


def docx(*runs: str, more: Mapping[str, str | bytes] | None = None) -> bytes:
    """A Word file: one paragraph in as many runs, as Word cuts them."""
    cut = "".join(f"<w:r><w:t>{run}</w:t></w:r>" for run in runs)
    body = f"<w:document xmlns:w='w'><w:body><w:p>{cut}</w:p></w:body></w:document>"
    return office({"[Content_Types].xml": OFFICE_TYPES, "word/document.xml": body, **(more or {})})


def xlsx(*cells: str) -> bytes:
    """An Excel file with these shared texts."""
    shared = "<sst>" + "".join(f"<si><t>{cell}</t></si>" for cell in cells) + "</sst>"
    parts = {"[Content_Types].xml": OFFICE_TYPES, "xl/workbook.xml": "<workbook/>", "xl/sharedStrings.xml": shared}
    return office(parts)


def wav(seconds: float = 0.1) -> bytes:
    """A silence."""
    data = b"\0" * int(8000 * seconds)
    form = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8) + b"data" + struct.pack("<I", len(data))
    return b"RIFF" + struct.pack("<I", len(form) + len(data)) + form + data


def mp4(brand: bytes = b"isom") -> bytes:
    """The boxes of a film."""
    return b"".join(
        struct.pack(">I", 8 + len(body)) + name + body
        for name, body in [(b"ftyp", brand + b"\0\0\0\0"), (b"moov", b"\0" * 40), (b"mdat", b"\0" * 100)]
    )


def mp3(frames: int = 5, *, tagged: bool = False) -> bytes:
    """Frames of silence at 128 kbit/s and 44.1 kHz."""
    tag = b"ID3\x04\0\0" + bytes([0, 0, 0, 20]) + b"\0" * 20 if tagged else b""
    return tag + (b"\xff\xfb\x90\x00" + b"\0" * 413) * frames
