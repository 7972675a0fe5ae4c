"""Files that are kept as they came: PDF, Word, Excel, sound and film, known by their bytes and checked whole.

A file must be one thing from its first byte to its last, so that nothing else rides along; the words of a PDF, Word
or Excel file are read, for they may carry a mark of secrecy. Words in pictures, sound and film can't be read.
"""

from __future__ import annotations

import html
import io
import logging
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pypdf import PdfReader

from huying.ledger.pictures import Unfit

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its complaints quote the file

PAGES_READ = 3
MOST_MEMBERS = 5_000
MOST_UNPACKED = 200 * 1024 * 1024
MOST_WORDS = 20 * 1024 * 1024
OFFICE = "application/vnd.openxmlformats-officedocument."
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
_WORDS = re.compile(r"word/(document|header\d*|footer\d*|comments)\.xml|xl/(sharedStrings|worksheets/[^/]+)\.xml")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Paper:
    """A file as it came: its media type, the ending its name should have, and what words could be read in it."""

    media: str
    suffix: str
    words: str = ""


def read(content: bytes) -> Paper | None:
    """What the file is; None where it is nothing that is kept. Raises Unfit for one that can't be taken."""
    for magic, place, reader in _KINDS:
        if content[place : place + len(magic)] == magic:
            return reader(content)
    if content[:1] == b"\xff" and content[1:2] >= b"\xe0":
        return _mp3(content)
    return None


def _alone(content: bytes) -> None:
    if zipfile.is_zipfile(io.BytesIO(content)):
        raise Unfit(_TWO)


def _pdf(content: bytes) -> Paper:
    """A PDF that can be opened without a password; the words of its first pages."""
    _alone(content)
    if b"%%EOF" not in content[-1024:]:
        raise Unfit(_DAMAGED)
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unfit(_LOCKED)
        pages = [page for page, _ in zip(reader.pages, range(PAGES_READ), strict=False)]
        title = str(reader.metadata.title if reader.metadata else "")
        words = "\n".join([title, *(_page(page.extract_text) for page in pages)])
    except Unfit:
        raise
    except Exception as error:  # a crafted file may lead the reader anywhere
        raise Unfit(_DAMAGED) from error
    if not pages:
        raise Unfit(_DAMAGED)
    return Paper("application/pdf", ".pdf", words)


def _page(words: Callable[[], str]) -> str:
    """The words of one page; a page whose fonts can't be read is like a scanned one."""
    try:
        return words()
    except Exception:
        return ""


def _office(content: bytes) -> Paper | None:
    """A Word or Excel file: one whole archive, no bomb, no macros, no programs."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = {member.filename for member in archive.infolist()}
            kinds = {
                "word/document.xml": Paper(f"{OFFICE}wordprocessingml.document", ".docx"),
                "xl/workbook.xml": Paper(f"{OFFICE}spreadsheetml.sheet", ".xlsx"),
            }
            kind = next((kinds[name] for name in kinds if name in names), None)
            if kind is None or "[Content_Types].xml" not in names:
                return None
            _whole(content, archive)
            for member in archive.infolist():
                _harmless(archive, member)
            return Paper(kind.media, kind.suffix, "\n".join(_words(archive)))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Unfit(_DAMAGED) from error


def _whole(content: bytes, archive: zipfile.ZipFile) -> None:
    """Nothing before the first member, nothing after the directory; unpacked it has a size that can be held."""
    members = archive.infolist()
    ends = content.rfind(b"PK\x05\x06") + 22
    if min(member.header_offset for member in members) != 0 or ends != len(content):
        raise Unfit(_TWO)
    if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > MOST_UNPACKED:
        raise Unfit(_BOMB)


def _harmless(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    if member.flag_bits & 1:
        raise Unfit(_LOCKED)
    if member.filename.lower().endswith("vbaproject.bin"):
        raise Unfit(_PROGRAM)
    with archive.open(member) as opened:
        if opened.read(4).startswith(_PROGRAMS):
            raise Unfit(_PROGRAM)


def _words(archive: zipfile.ZipFile) -> Iterator[str]:
    """The text of the parts that hold some. By pattern, not by parser: there is nothing to blow up."""
    left = MOST_WORDS
    for member in archive.infolist():
        if _WORDS.fullmatch(member.filename):
            left -= member.file_size
            if left < 0:
                raise Unfit(_BOMB)
            raw = archive.read(member)
            text = raw.decode("utf-16" if raw.startswith(_UTF16) else "utf-8", "replace")
            lines = re.sub(r"</(w:p|si|row|is)>", "\n", text)
            yield html.unescape(re.sub(r"<[^>]*>", "", lines))


def _wav(content: bytes) -> Paper | None:
    if content[8:12] != b"WAVE":
        return None
    _alone(content)
    (size,) = struct.unpack("<I", content[4:8])
    if len(content) - 8 - size not in (0, 1):
        raise Unfit(_DAMAGED)
    return Paper("audio/wav", ".wav")


def _mp4(content: bytes) -> Paper:
    """Sound or film of a phone: boxes from the first byte to the last, one of them with the contents."""
    _alone(content)
    boxes = list(_boxes(content))
    if b"moov" not in boxes and b"moof" not in boxes:
        raise Unfit(_DAMAGED)
    brand = content[8:12]
    if brand.startswith(b"M4A"):
        return Paper("audio/mp4", ".m4a")
    return Paper("video/quicktime", ".mov") if brand == b"qt  " else Paper("video/mp4", ".mp4")


def _boxes(content: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(content):
        head = content[place : place + 16]
        if len(head) < 8 or not head[4:8].isascii():
            raise Unfit(_DAMAGED)
        size = int.from_bytes(head[:4])
        if size == 1:
            size = int.from_bytes(head[8:16])
        elif size == 0:
            size = len(content) - place
        if size < 8 or place + size > len(content):
            raise Unfit(_DAMAGED)
        yield head[4:8]
        place += size


_RATES = (44100, 48000, 32000)
_FAST = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_SLOW = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def _mp3(content: bytes) -> Paper:
    """Sound: after its tags, three frames that follow each other where each says that the next begins."""
    _alone(content)
    place = 0
    if content.startswith(b"ID3"):
        size = content[6:10]
        place = 10 + sum(byte << shift for byte, shift in zip(size, (21, 14, 7, 0), strict=False))
    for _ in range(3):
        length = _frame(content[place : place + 4])
        if not length:
            raise Unfit(_DAMAGED)
        place += length
    return Paper("audio/mpeg", ".mp3")


def _frame(head: bytes) -> int:
    """How many bytes an MPEG audio frame (layer III) takes, by its head; 0 where it is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or head[1] >> 1 & 3 != 1:
        return 0
    version, rate, index = head[1] >> 3 & 3, head[2] >> 2 & 3, head[2] >> 4
    if version == 1 or rate == 3 or index in (0, 15):
        return 0
    slower = {3: 1, 2: 2, 0: 4}[version]
    kilobits = _FAST[index] if version == 3 else _SLOW[index]
    return (144 if version == 3 else 72) * kilobits * 1000 // (_RATES[rate] // slower) + (head[2] >> 1 & 1)


_KINDS: tuple[tuple[bytes, int, Callable[[bytes], Paper | None]], ...] = (
    (b"%PDF-", 0, _pdf),
    (b"PK\x03\x04", 0, _office),
    (b"RIFF", 0, _wav),
    (b"ftyp", 4, _mp4),
    (b"ID3", 0, _mp3),
)
_DAMAGED = {"zh-Hans": "文件已损坏或不完整，打不开", "en": "the file is damaged or not whole"}
_LOCKED = {"zh-Hans": "文件加了密码，无法核对", "en": "the file has a password, so it can't be checked"}
_TWO = {"zh-Hans": "文件里还夹带着别的内容", "en": "something else rides along in the file"}
_BOMB = {"zh-Hans": "文件解开后过大", "en": "unpacked the file is too large"}
_PROGRAM = {"zh-Hans": "文件里带有宏或程序", "en": "the file holds macros or a program"}
