"""Whatever is sent gets a clear answer in the caller's form; nothing half-read becomes a case."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import RequestFactory
from PIL import Image

from huying.errors import StorageFull, TooLarge
from huying.intake import body, calls, open311
from huying.ledger.models import Case
from tests.doors import V2, errors, fresh_hour, get, key, photo, post

__all__ = ["fresh_hour"]
pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def nothing_is_opened(db: None) -> Iterator[None]:
    """After each test of this file no case is there."""
    yield
    assert not Case.objects.filter(procedure="request").exists()


def send(content: bytes, kind: str = FORM, form: str = "xml", **more: Any) -> list[tuple[int, str]]:
    """Post raw bytes; the errors that come back."""
    return errors(Client().post(f"{V2}/requests.{form}", content, content_type=kind, **more))


# --- bodies that are no form


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("application/json", b'{"service_code": "streets.lamps"}'),
        ("text/xml", b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><request>&b;</request>'),
        ("text/xml", b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]><request>&x;</request>'),
        ("application/octet-stream", b"\x00" * 100),
        ("text/plain", b"service_code=streets.lamps"),
        ("", b"service_code=streets.lamps"),
    ],
)
@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_body_that_is_no_form_isnt_read(kind: str, content: bytes, form: str) -> None:
    [(code, text)] = send(content, kind, form)
    assert code == 415 and "multipart/form-data" in text and "root:" not in text


@pytest.mark.parametrize(
    "content",
    [
        b"description=%ED%A0%80",  # a lone surrogate
        b"description=%C2%B7%C6",  # GB18030
        b"description=\xff\xfe",
        "description=路灯".encode("gb18030"),
        b"&".join(b"a%d=1" % n for n in range(1000)),
    ],
)
def test_a_form_that_isnt_utf8_or_has_a_thousand_fields_is_told(content: bytes) -> None:
    [(code, _)] = send(b"api_key=x&" + content)
    assert code == 400


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=" + "x" * 300, b"x"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="description"\r\n\r\n\xff\r\n--b--',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="media"; filename="a"\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\n@@@@=\r\n--b--",
        ),
    ],
)
def test_a_broken_multipart_body_is_told(kind: str, content: bytes) -> None:
    [(code, _)] = send(content, kind)
    assert code in (400, 403)


class Stream:
    """Stands where the server's stream does, and can break off, or must not be read at all."""

    def __init__(self, content: bytes | None) -> None:
        self.content = content

    def read(self, size: int) -> bytes:
        assert self.content is not None, "a body of 2 GB was read"
        given, self.content = self.content[:size], self.content[size:]
        return given


def streamed(kind: str, length: int, content: bytes | None) -> list[tuple[int, str]]:
    """The errors that answer a body of which the server says one length and gives another."""
    request = RequestFactory().post(f"{V2}/requests.xml", b"x", content_type=kind, CONTENT_LENGTH=str(length))
    setattr(request, "_stream", Stream(content))  # noqa: B010
    return errors(open311.requests(request, place="v2", form="xml"))


def test_a_body_that_breaks_off_becomes_no_case() -> None:
    whole = f"api_key={key()[1]}&service_code=streets.lamps&address_string=a&description=b".encode()
    [(code, text)] = streamed(FORM, len(whole) + 10, whole)
    assert code == 400 and "不完整" in text
    part = b'--b\r\nContent-Disposition: form-data; name="media"; filename="a.jpg"\r\n\r\n' + photo()
    [(code, text)] = streamed("multipart/form-data; boundary=b", len(part) + 500, part)
    assert code == 400 and "不完整" in text


@pytest.mark.parametrize(("kind", "most"), [(FORM, 1), ("multipart/form-data; boundary=b", 64)])
def test_what_is_too_large_is_refused_before_it_is_read(kind: str, most: int) -> None:
    [(code, text)] = streamed(kind, 2 * 1024**3, None)
    assert code == 413 and f"{most} MB" in text


def test_what_turns_out_too_large_is_refused_while_it_is_read() -> None:
    bounded = body.Bounded(io.BytesIO(b"x" * 100), 50)
    with pytest.raises(TooLarge):
        while bounded.read(16):
            pass
    [(code, _)] = send(b"description=" + b"x" * (body.MOST_PLAIN_BYTES + 1), CONTENT_LENGTH="")
    assert code in (403, 413)


@pytest.mark.parametrize(
    ("why", "status", "words"),
    [("slow", 408, "太慢"), ("large", 413, "MB"), ("busy", 503, "太多"), ("broken", 400, "不完整")],
)
def test_a_body_that_the_server_gave_up_is_told_why(why: str, status: int, words: str) -> None:
    request = RequestFactory().post(f"{V2}/requests.xml", b"x", content_type=FORM, CONTENT_LENGTH="10")
    request.META[body.REFUSED] = why
    setattr(request, "_stream", Stream(b""))  # noqa: B010
    [(code, text)] = errors(open311.requests(request, place="v2", form="xml"))
    assert code == status and words in text


# --- parameters


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ({"service_code": None}, 400, "service_code"),
        ({"service_code": ""}, 400, "service_code"),
        ({"service_code": "no.such"}, 404, "no.such"),
        ({"service_code": "\x00"}, 404, "服务"),
        ({"service_code": ["streets.lamps", "streets.roads"]}, 400, "2 次"),
        ({"address_string": None}, 400, "address_id"),
        ({"lat": "38.5"}, 400, "long"),
        ({"long": "119.8"}, 400, "lat"),
        ({"lat": "91", "long": "0"}, 400, "91"),
        ({"lat": "nan", "long": "inf"}, 400, "nan"),
        ({"lat": "1e9", "long": "0"}, 400, "1e9"),
        ({"lat": "３８", "long": "0"}, 400, "３８"),
        ({"lat": "38,5", "long": "119,8"}, 400, "38,5"),
        ({"lat": "9" * 5000, "long": "0"}, 400, "lat"),
        ({"address_id": "no.such"}, 400, "no.such"),
        ({"address_string": "a\x00b"}, 400, "U+0000"),
        ({"description": "a\x00b"}, 400, "U+0000"),
        ({"description": "路" * 4001}, 400, "4001"),
        ({"description": "绝密★"}, 400, "国家秘密"),
        ({"phone": "不告诉你"}, 400, "不告诉你"),
        ({"email": "x" * 300}, 400, "254"),
        ({"first_name": "x" * 200}, 400, "100"),
        ({"media_url": "ftp://example.org/a.jpg"}, 400, "ftp"),
        ({"media_url": "file:///etc/passwd"}, 400, "file"),
        ({"media_url": "javascript:alert(1)"}, 400, "javascript"),
        ({"media_url": "http://[::1"}, 400, "http"),
        ({"media_url": "http://a b/"}, 400, "http"),
        ({"media_url": [f"http://example.org/{n}" for n in range(11)]}, 400, "10"),
        ({"attribute[no_such]": "1"}, 400, "no_such"),
        ({"attribute[]": "1"}, 400, "字段"),
        ({"attribute[type]": "urgent"}, 400, "urgent"),
        ({"attribute[type][]": ["help", "praise"]}, 400, "2 次"),
        ({"attribute[about]": "no.such"}, 400, "no.such"),
        ({"attribute[source_due]": "2019/2/30"}, 400, "2019/2/30"),
        ({"attribute[source_due]": "2019-02-30"}, 400, "2019-02-30"),
        ({"attribute[evidence]": "x"}, 400, "evidence"),
    ],
)
@pytest.mark.parametrize("form", ["xml", "json"])
def test_what_cant_be_used_is_named(said: dict[str, Any], code: int, words: str, form: str) -> None:
    told = errors(post(key()[1], f"{V2}/requests.{form}", **said))
    assert any(status == code and words in text for status, text in told), told


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = errors(post(key()[1], service_code="no.such", address_string=None, description="路" * 5000))
    assert [code for code, _ in told] == [404, 400, 400]


def test_mistakes_are_told_in_the_callers_language() -> None:
    for language, words in (
        ("", "没有服务“x”"),
        ("zh-TW", "没有服务“x”"),
        ("en", "There is no service “x”."),
        ("fr, en;q=0.5", "There is no"),
    ):
        assert words in errors(get(f"{V2}/services/x.json", language))[0][1]


# --- addresses and methods


@pytest.mark.parametrize("path", ["", "/", "/v1/services.xml", "/v2/services.html", "/v2/requests/1/2.json", "/v2/%00"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_address_that_isnt_there_is_told_in_form(path: str, method: str) -> None:
    assert errors(getattr(Client(), method)(f"/open311{path}"))[0][0] == 404


def test_a_host_that_isnt_ours_is_told_in_form_at_the_door_only() -> None:
    assert errors(Client().get(f"{V2}/services.xml", headers={"Host": "evil.example"}))[0][0] == 400
    elsewhere = Client().get("/health", headers={"Host": "evil.example"})
    assert elsewhere.status_code == 400 and b"<errors>" not in elsewhere.content


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("put", "requests.xml"),
        ("delete", "requests/1.json"),
        ("post", "services.json"),
        ("patch", "tokens/1.xml"),
        ("trace", "requests.json"),
    ],
)
def test_a_method_that_isnt_there_is_told_with_those_that_are(method: str, path: str) -> None:
    answer = getattr(Client(), method)(f"{V2}/{path}")
    assert errors(answer)[0][0] == 405 and "GET" in answer["Allow"]


@pytest.mark.parametrize(
    "path",
    [
        "services/%ff.xml",
        "services/%ED%A0%80.xml",
        "services/a%0Ab.xml",
        "requests/%00.json",
        "tokens/%F0%9F%92%A1.xml",
    ],
)
def test_what_no_text_is_in_an_address_is_told(path: str) -> None:
    assert errors(get(f"{V2}/{path}"))[0][0] == 404


def test_a_question_with_ten_thousand_parameters_is_told() -> None:
    assert errors(Client().get(f"{V2}/requests.xml?" + "&".join(f"a{n}=1" for n in range(10_000))))[0][0] == 400


def test_a_store_that_is_full_is_told_with_when_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageFull()

    monkeypatch.setattr(calls, "open_case", full)
    answer = post(key()[1], f"{V2}/requests.xml")
    assert errors(answer)[0][0] == 503 and int(answer["Retry-After"]) > 0


def test_what_nobody_foresaw_is_told_in_form_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(calls, "open_case", lambda *_, **__: 1 / 0)
    [(code, text)] = errors(post(key()[1]))
    assert code == 500 and "ZeroDivision" not in text and "ZeroDivisionError" in caplog.text


# --- files


def test_an_exe_named_jpg_is_no_photo() -> None:
    exe = SimpleUploadedFile("photo.jpg", b"MZ\x90\x00" + b"\x00" * 200, "image/jpeg")
    for form in ("xml", "json"):
        exe.seek(0)
        [(code, text)] = errors(post(key()[1], f"{V2}/requests.{form}", media=exe))
        assert code == 400 and "photo.jpg" in text


def test_a_photo_of_two_hundred_megapixels_is_refused_unopened() -> None:
    huge = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(huge, "PNG")
    [(code, text)] = errors(post(key()[1], media=SimpleUploadedFile("big.png", huge.getvalue())))
    assert code == 400 and "5000 万像素" in text


@pytest.mark.parametrize(("name", "content"), [("a.jpg", b""), ("a.jpg", photo()[:200]), ("x.html", b"<script>")])
def test_a_file_that_cant_be_kept_is_named(name: str, content: bytes) -> None:
    assert errors(post(key()[1], media=SimpleUploadedFile(name, content)))[0][0] == 400


def test_eleven_files_are_too_many() -> None:
    files = [SimpleUploadedFile(f"{n}.jpg", photo()) for n in range(11)]
    assert errors(post(key()[1], media=files))[0][0] == 400
