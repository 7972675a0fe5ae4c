"""What comes in as a file: typed by its bytes, a photo without its place, nothing that rides along, a clean name."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from PIL import Image
from pytest_django import Settings

from huying.errors import BadFile, sentence
from huying.ledger import attachments, papers, pictures
from huying.ledger.said import Upload
from tests import files


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> Path:
    settings.HUYING_HOME = tmp_path
    return tmp_path


def kept(content: bytes, name: str = "file") -> attachments.Kept:
    return attachments.check(Upload(name, content))


def refusal(content: bytes, name: str = "照片.jpg") -> str:
    """The Chinese sentence with which a file is refused; nothing of it is on the disk."""
    with pytest.raises(BadFile) as refused:
        kept(content, name)
    assert not attachments.folder().exists()
    return sentence(refused.value)


# --- what is taken


@pytest.mark.parametrize(
    ("content", "media", "name"),
    [
        (files.photo("JPEG"), "image/jpeg", "x.exe.jpg"),
        (files.photo("PNG"), "image/png", "x.exe.png"),
        (files.photo("WEBP"), "image/webp", "x.exe.webp"),
        (files.photo("HEIF"), "image/jpeg", "x.exe.jpg"),
        (files.photo("GIF"), "image/png", "x.exe.png"),
        (files.pdf(), "application/pdf", "x.exe.pdf"),
        (files.docx("情况"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "x.exe.docx"),
        (files.xlsx("情况"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "x.exe.xlsx"),
        (files.wav(), "audio/wav", "x.exe.wav"),
        (files.mp3(), "audio/mpeg", "x.exe.mp3"),
        (files.mp3(tagged=True), "audio/mpeg", "x.exe.mp3"),
        (files.mp4(), "video/mp4", "x.exe.mp4"),
        (files.mp4(b"qt  "), "video/quicktime", "x.exe.mov"),
        (files.mp4(b"M4A "), "audio/mp4", "x.exe.m4a"),
    ],
)
def test_a_file_is_what_its_bytes_are_whatever_it_is_called(content: bytes, media: str, name: str) -> None:
    found = kept(content, "x.exe")
    assert (found.media, found.name, found.size) == (media, name, len(found.content))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "GIF"])
def test_a_photo_loses_where_and_with_what_it_was_taken(kind: str) -> None:
    sent = files.photo(kind)
    assert files.SECRET_PLACE in sent
    found = kept(sent)
    assert files.SECRET_PLACE not in found.content
    assert b"HUAWEI" not in found.content
    assert b"xmpmeta" not in found.content
    with Image.open(io.BytesIO(found.content)) as clean:
        assert not clean.getexif()
        assert set(clean.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "loop", "background",
                                   "timestamp", "duration"}  # fmt: skip
        assert clean.size == ((64, 48) if kind in ("GIF", "HEIF") else (48, 64)), "upright"


def test_a_crafted_photo_loses_what_hides_in_its_odd_corners() -> None:
    """Two EXIF blocks, a broken one among them, an APP13 block, and a second photo behind the end."""
    plain = files.photo("JPEG").removesuffix(files.SECRET_PLACE)
    block = b"\xff\xe1" + (2 + 6 + 8 + 20).to_bytes(2) + b"Exif\0\0MM\0*\xff\xff\xff\xff" + files.SECRET_PLACE
    press = b"\xff\xed" + (2 + 14 + 20).to_bytes(2) + b"Photoshop 3.0\0" + files.SECRET_PLACE
    crafted = plain[:2] + block + press + plain[2:] + files.photo("JPEG")
    found = kept(crafted)
    assert files.SECRET_PLACE not in found.content
    assert found.content.count(b"\xff\xd8\xff") == 1


def test_a_crafted_png_loses_its_text_chunks() -> None:
    chunks = [(b"tEXt", b"Comment\0" + files.SECRET_PLACE), (b"eXIf", b"MM\0*\0\0\0\x08" + files.SECRET_PLACE)]
    found = kept(files.png(8, 8, *chunks))
    assert files.SECRET_PLACE not in found.content


def test_a_phones_photo_with_a_second_one_in_it_is_kept_as_one() -> None:
    out = io.BytesIO()
    first, second = Image.new("RGB", (64, 48), "red"), Image.new("RGB", (64, 48), "blue")
    first.save(out, "MPO", save_all=True, append_images=[second])
    found = kept(out.getvalue(), "IMG_1.jpg")
    assert (found.media, found.name) == ("image/jpeg", "IMG_1.jpg")
    with Image.open(io.BytesIO(found.content)) as clean:
        assert (clean.format, clean.size) == ("JPEG", (64, 48))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_pictures_of_every_colour_are_kept(mode: str) -> None:
    out = io.BytesIO()
    picture = Image.linear_gradient("L").convert(mode) if mode != "I;16" else Image.new("I;16", (9, 9), 40_000)
    picture.save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert kept(out.getvalue()).media in ("image/jpeg", "image/png")


# --- what isn't


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg/>",
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"<html>",
        b"MZ\x90\0" + b"\0" * 200,
        b"\x7fELF" + b"\0" * 200,
        b"#!/bin/sh\nrm -rf /\n",
        b"PK\x03\x04" + b"\0" * 100,
        files.office({"a.txt": "x"}),
        files.office({"META-INF/MANIFEST.MF": "Main-Class: X", "X.class": b"\xca\xfe\xba\xbe"}),
        files.office({"word/document.xml": "<x/>"}),
        b"Rar!\x1a\x07\x00",
        b"\x1f\x8b\x08\x00",
        b"BM" + b"\0" * 60,
        b"%!PS-Adobe-3.0\n",
        b"RIFF\x04\0\0\0AVI ",
        b"plain words",
        b"\0" * 100,
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_what_is_no_picture_paper_sound_or_film_is_refused_in_words(content: bytes) -> None:
    said = refusal(content)
    assert said.startswith("不能接收文件“照片.jpg”：")
    assert said.endswith("请提交照片、PDF、Word、Excel、录音或视频，每个不超过 20 MB。")


TWO = "不能接收文件“照片.jpg”：文件里还夹带着别的内容。"
ZIP = files.office({"a.txt": "x"})


@pytest.mark.parametrize(
    "content",
    [
        files.pdf() + ZIP,
        files.wav() + ZIP,
        files.mp3() + ZIP,
        files.mp4() + ZIP,
        files.docx("x") + b"<script>",
        files.office({"[Content_Types].xml": files.OFFICE_TYPES, "word/document.xml": ""}, comment=b"<script>"),
    ],
)
def test_two_things_in_one_file_are_refused(content: bytes) -> None:
    assert refusal(content).startswith(TWO)


def test_a_paper_behind_something_else_is_not_a_paper() -> None:
    for before in (b"<html>", b"MZ\x90\0", b"\n"):
        assert "按内容看不是" in refusal(files.pdf(before=before))
        assert "按内容看不是" in refusal(before + files.docx("x"))


def test_a_photo_that_is_also_an_archive_is_kept_as_a_photo_only() -> None:
    found = kept(files.photo("JPEG") + ZIP)
    assert b"PK\x03\x04" not in found.content


@pytest.mark.parametrize("size", [(50_001, 1_000), (20_000, 20_000), (2**31 - 1, 1)])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked(size: tuple[int, int]) -> None:
    assert "照片超过 5000 万像素" in refusal(files.png(*size))


def test_a_picture_of_fifty_million_pixels_is_not_too_many() -> None:
    assert pictures.MOST_PIXELS == 50_000_000
    assert kept(files.png(3_000, 3_000)).media == "image/png"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_truncated_photo_is_refused(kind: str) -> None:
    whole = files.photo(kind, (640, 480)).removesuffix(files.SECRET_PLACE)
    said = refusal(whole[: len(whole) * 2 // 3])
    assert "照片已损坏，打不开" in said or ("文件已损坏或不完整，打不开" in said and kind == "HEIF")


@pytest.mark.parametrize("content", [files.pdf(), files.docx("x"), files.wav(), files.mp4(), files.xlsx("x")])
def test_a_truncated_paper_sound_or_film_is_refused(content: bytes) -> None:
    assert refusal(content[: len(content) * 2 // 3]).startswith("不能接收文件“照片.jpg”：")


def test_an_archive_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers, "MOST_UNPACKED", 10_000_000)
    assert "文件解开后过大" in refusal(files.docx("x", more={"word/media/a.bin": b"\0" * 10_000_001}))


def test_an_archive_of_very_many_parts_is_refused() -> None:
    parts = {f"word/media/{number}": "" for number in range(papers.MOST_MEMBERS)}
    assert "文件解开后过大" in refusal(files.docx("x", more=parts))


def test_a_part_that_lies_about_its_size_is_refused() -> None:
    content = files.docx("x", more={"word/header1.xml": b"\0" * 1_000_000})
    lying = content.replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != content
    assert "打不开" in refusal(lying)


@pytest.mark.parametrize(
    "more", [{"word/vbaProject.bin": b"x"}, {"word/embeddings/a.bin": b"MZ\x90\0"}, {"word/media/a.png": b"\x7fELF"}]
)
def test_macros_and_programs_in_a_paper_are_refused(more: dict[str, bytes]) -> None:
    assert "文件里带有宏或程序" in refusal(files.docx("x", more=more))


def test_a_locked_paper_is_refused_because_nobody_could_check_it() -> None:
    locked = b"/Encrypt<</Filter/Standard/V 1/R 2/O(%s)/U(%s)/P -4>>/ID[<00><00>]" % (b"o" * 32, b"u" * 32)
    assert "文件加了密码" in refusal(files.pdf(more=locked))


def test_at_most_twenty_megabytes_and_not_nothing() -> None:
    large = files.wav((attachments.MOST_BYTES - 44) / 8000)
    assert len(large) == attachments.MOST_BYTES
    assert kept(large).size == attachments.MOST_BYTES
    for content in (large + b"\0", b""):
        assert "空文件，或超过 20 MB" in refusal(content)


def test_bytes_thrown_about_at_random_are_kept_or_refused_in_words() -> None:
    """Two thousand broken copies of every kind of file: never another error, never a long wait."""
    chance = random.Random(2026)
    whole = [files.photo(kind) for kind in ("JPEG", "PNG", "WEBP", "HEIF", "GIF")]
    whole += [files.pdf(), files.docx("情", "况"), files.xlsx("x"), files.wav(), files.mp3(), files.mp4()]
    taken = 0
    for _ in range(2000):
        content = bytearray(chance.choice(whole))
        for _ in range(chance.randrange(1, 8)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            taken += kept(bytes(content)).size > 0
        except BadFile:
            continue
    assert 200 < taken < 1900


# --- names


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("现场照片.jpg", "现场照片.jpg"),
        ("现场.JPG", "现场.JPG"),
        ("IMG_0001.HEIC", "IMG_0001.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\wang\\桌面\\照片.jpeg", "照片.jpg"),
        ("/tmp/a/b.jpg", "b.jpg"),
        ("a\nb\r\nc\t.jpg", "abc.jpg"),
        ("a\x00b.jpg", "ab.jpg"),
        ("\u202egpj.exe", "gpj.exe.jpg"),
        ("照\u200b片\u2066.jpg", "照片.jpg"),
        ("bad\ud800name.jpg", "badname.jpg"),
        ("a  b\u3000c.jpg", "a b c.jpg"),
        ("a\u2028b.jpg", "a b.jpg"),
        ("", "file.jpg"),
        (".", "file.jpg"),
        ("..", "file.jpg"),
        ("....jpg", "jpg.jpg"),
        (".htaccess", "htaccess.jpg"),
        ("tool.exe", "tool.exe.jpg"),
        ("page.html", "page.html.jpg"),
        ("说明.pdf", "说明.jpg"),
        ("长" * 300 + ".jpg", "长" * 146 + ".jpg"),
    ],
)
def test_a_name_is_cleaned_and_ends_as_what_the_file_is(sent: str, name: str) -> None:
    assert kept(files.photo("JPEG"), sent).name == name
