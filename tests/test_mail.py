"""Letters that come in: replies join their case, bounces re-open the duty, machines are left alone."""

from __future__ import annotations

import io
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from PIL import Image
from pytest_django.fixtures import Settings

from huying.intake.mail import Taken, receive
from huying.intake.mailbox import listening
from huying.ledger import audit
from huying.ledger.documents import of
from huying.ledger.models import Case, Document, Entry, Outbox
from huying.notify.models import Letter
from huying.notify.outbox import fan_out
from huying.notify.post import post
from tests.cast import act, call
from tests.mailserver import Box, free_port, mail_server

WANG = {"name": "王秀兰", "email": "wang@people.example"}
db = pytest.mark.django_db


@pytest.fixture
def box(settings: Settings) -> Iterator[Box]:
    with mail_server() as (running, url):
        settings.HUYING_SMTP_URL = url
        yield running


def written_to(box: Box) -> tuple[Case, str]:
    """A case whose requester has been written to, and the address that replies go to."""
    case = call(title="路灯不亮", text="柳园路路灯坏了", requester=WANG)
    fan_out()
    post()
    return case, str(box.messages[-1]["Reply-To"])


def letter(text: str = "今天还是不亮。", *, name: str = "<1@people.example>", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Message-ID"] = "wang@people.example", name
    for header, value in headers.items():
        message[header.replace("_", "-")] = value
    message.set_content(text)
    return message


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "JPEG")
    return out.getvalue()


def come(message: EmailMessage, address: str, sender: str = "wang@people.example") -> Taken:
    return receive(message.as_bytes(), sender=sender, recipient=address).taken


@db
def test_a_reply_joins_its_case_without_what_it_quotes(box: Box) -> None:
    case, address = written_to(box)
    text = "今天还是不亮。\n请再看看。\n\n在 2026年6月15日 12345 写道：\n> 您的诉求我们收到了\n"
    assert come(letter(text), address) is Taken.ADDED
    entry = Entry.objects.filter(case=case).latest("seq")
    assert (entry.act, entry.actor) == ("add", "requester")
    assert of(case, "text") == "今天还是不亮。\n请再看看。"
    assert Outbox.objects.filter(entry=entry).exists()
    assert list(audit.audit()) == []


@db
def test_a_photo_comes_along_and_what_cant_be_kept_is_told(box: Box) -> None:
    case, address = written_to(box)
    message = letter("看照片")
    message.add_attachment(photo(), maintype="image", subtype="jpeg", filename="灯.jpg")
    message.add_attachment(b"MZ\x90\x00" * 100, maintype="image", subtype="jpeg", filename="病毒.jpg")
    assert come(message, address) is Taken.ADDED
    kept = Document.objects.filter(case=case, field="evidence")
    assert [document.name for document in kept] == ["灯.jpg"]
    assert "病毒.jpg" in of(case, "text")


@db
def test_a_letter_that_only_has_html_in_an_old_encoding_is_read(box: Box) -> None:
    case, address = written_to(box)
    page = "<html><head><style>p{}</style></head><body><p>灯还是<b>不亮</b></p><script>x()</script></body></html>"
    raw = (
        b"From: wang@people.example\r\nMessage-ID: <h@x>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/html; charset=gb2312\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    ) + page.encode("gb18030")
    assert receive(raw, sender="wang@people.example", recipient=address).taken is Taken.ADDED
    assert of(case, "text") == "灯还是不亮"


@db
def test_the_same_letter_twice_is_taken_once(box: Box) -> None:
    case, address = written_to(box)
    assert come(letter(), address) is Taken.ADDED
    assert come(letter(), address) is Taken.AGAIN
    assert Entry.objects.filter(case=case, act="add").count() == 1


@db
@pytest.mark.parametrize(
    "header",
    [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"X_Autoreply": "yes"}, {"List_Id": "<x.y>"}],
)
def test_a_machines_answer_is_left_alone(box: Box, header: dict[str, str]) -> None:
    case, address = written_to(box)
    assert come(letter("我在休假", **header), address) is Taken.AUTOMATIC
    assert not Entry.objects.filter(case=case, act="add").exists()


@db
def test_our_own_letter_sent_back_makes_no_loop(box: Box) -> None:
    _, address = written_to(box)
    assert come(box.messages[-1], address) is Taken.AUTOMATIC


@db
def test_a_bounce_puts_the_duty_to_tell_back_before_the_desk(box: Box) -> None:
    case, _ = written_to(box)
    report = (
        b"From: MAILER-DAEMON@x\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nno such user\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
        b"Final-Recipient: rfc822; wang@people.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
    )
    sent_from = box.senders[-1]
    assert receive(report, sender="", recipient=sent_from).taken is Taken.BOUNCE
    assert receive(report, sender="", recipient=sent_from).taken is Taken.BOUNCE
    failed = Letter.objects.get(entry__case=case, to="requester")
    assert (failed.state, failed.why) == ("failed", "bounced (5.1.1)")
    assert Entry.objects.filter(case=case, act="undelivered").count() == 1
    late = report.replace(b"failed", b"delayed")
    assert receive(late, sender="", recipient=sent_from).taken is Taken.AUTOMATIC


@db
def test_what_has_no_token_or_a_wrong_one_is_refused(box: Box) -> None:
    _, address = written_to(box)
    for wrong in ("12345@yunting.example", "12345+abc@yunting.example", address.replace("+", "+a")[:-1]):
        assert come(letter(), wrong) is Taken.UNKNOWN


@db
def test_a_secret_letter_is_refused_and_nothing_of_it_stays(box: Box) -> None:
    case, address = written_to(box)
    before = Entry.objects.count(), Document.objects.count()
    outcome = receive(letter("机密★10年 文件").as_bytes(), sender="w@x", recipient=address)
    assert outcome.taken is Taken.REFUSED
    assert "保密" in outcome.why
    assert (Entry.objects.count(), Document.objects.count()) == before
    assert case.seq == Case.objects.get(pk=case.pk).seq - 1  # the receipt that was sent, and no more


@db
def test_a_reply_after_the_closing_is_kept_too(box: Box) -> None:
    case, address = written_to(box)
    act(case, "withdraw", "callback.1")
    assert come(letter("其实还没好"), address) is Taken.ADDED
    assert of(case, "text") == "其实还没好"


@db
@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe\x00garbage", b"Content-Type: multipart/mixed; boundary=\r\n\r\n--", b"\r\n" * 50]
)
def test_a_letter_that_is_none_is_answered_in_a_word(box: Box, raw: bytes) -> None:
    _, address = written_to(box)
    assert receive(raw, sender="wang@people.example", recipient=address).taken in (Taken.ADDED, Taken.REFUSED)


@pytest.mark.usefixtures("committed")
def test_the_door_for_the_mail_server_keeps_what_it_says_it_took(box: Box) -> None:
    case, address = written_to(box)
    port = free_port()
    with listening(port), smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
        server.send_message(letter("从门里进来的"), from_addr="wang@people.example", to_addrs=[address])
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            server.send_message(letter(), from_addr="w@x", to_addrs=["12345@yunting.example"])
        server.rset()
        huge = EmailMessage()
        huge["From"] = "w@x"
        huge.set_content("x" * 60 + "\n")
        huge.add_attachment(b"0" * 40_000_000, maintype="application", subtype="pdf", filename="大.pdf")
        with pytest.raises((smtplib.SMTPSenderRefused, smtplib.SMTPDataError, smtplib.SMTPServerDisconnected)):
            server.send_message(huge, from_addr="w@x", to_addrs=[address])
    assert of(case, "text") == "从门里进来的"
