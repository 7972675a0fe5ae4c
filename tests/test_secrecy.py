"""A mark of state secrecy is seen before anything touches the disk, and nothing of what carries it stays anywhere."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from huying.errors import SecrecyMark, sentence
from huying.ledger import said
from huying.ledger.models import Case
from huying.ledger.record import Intake, open_case, record
from huying.ledger.said import Upload
from tests import files
from tests.cast import act, call, who

MARKS = [
    "绝密★", "机密★10年", "秘密★长期", "关于某事的通知（机密★）", "绝 密 ★ 启用前", "机\u3000密\u3000★\u30001\u3000年",
    "机密☆", "绝密⭐", "机密＊10年", "机密*10年", "秘密 * 六个月", "机密*", "機密★", "绝\u200b密\u2060★",
    "机\n密\n★", "机密★１０年", "絕密★", "绝密", "机密", "秘密\n关于防汛工作的通知", "  【机密】  \n正文",
    "密级：秘密\n正文", "云汀市人民政府文件\n机密\n正文", "秘　密", "绝密 长期",
]  # fmt: skip
PLAIN = [
    "这件事是秘密，请不要告诉邻居。", "我的个人信息被泄露，属于机密文件吗？", "餐馆《秘密花园》评分★★★★★，油烟扰民。",
    "请对我的身份保密★", "**秘密**花园小区", "一行\n二行\n三行\n四行\n五行\n六行\n机密", "机密码头★", "", "绝对保密",
]  # fmt: skip


@pytest.mark.parametrize("text", MARKS)
def test_a_mark_is_known_in_each_way_of_writing_it(text: str) -> None:
    assert said.marked(text)


@pytest.mark.parametrize("text", PLAIN)
def test_words_about_secrets_are_no_mark(text: str) -> None:
    assert not said.marked(text)


TRACE = f"翡翠湖{secrets.token_hex(8)}号档案"
MARKED = f"机密★10年 {TRACE}"
HEADED = {"word/header1.xml": f"<w:hdr><w:t>{MARKED}</w:t></w:hdr>"}
OPENINGS: dict[str, Mapping[str, object]] = {
    "text": {"text": MARKED},
    "title": {"title": f"绝密★ {TRACE}"},
    "place": {"text": "路灯", "place": MARKED},
    "requester": {"text": "路灯", "requester": {"name": MARKED}},
    "file name": {"text": "路灯", "evidence": [Upload(f"秘密★{TRACE}.pdf", files.pdf())]},
    "PDF": {"text": "路灯", "evidence": [Upload("a.pdf", files.pdf(MARKED))]},
    "Word": {"text": "路灯", "evidence": [Upload("a.docx", files.docx("机", "密★", "10年", TRACE))]},
    "Word, coded": {"text": "路灯", "evidence": [Upload("a.docx", files.docx("&#x673A;&#23494;", f"★{TRACE}"))]},
    "Word, head": {"text": "路灯", "evidence": [Upload("a.docx", files.docx("x", more=HEADED))]},
    "Excel": {"text": "路灯", "evidence": [Upload("a.xlsx", files.xlsx("台账", MARKED))]},
    "second file": {"text": "路灯", "evidence": [Upload("b.pdf", files.pdf()), Upload("a.pdf", files.pdf(MARKED))]},
}


def test_nothing_of_a_marked_call_stays_on_disk_in_log_or_table(
    committed: None, caplog: pytest.LogCaptureFixture
) -> None:
    before = stored()
    for said_ in OPENINGS.values():
        with caplog.at_level(logging.DEBUG), pytest.raises(SecrecyMark) as refused:
            open_case(Intake("request", said_), who("hotline.1"))
        words = sentence(refused.value)
        assert words.endswith("请不要再次提交；请联系云汀市国家保密局（电话 0000-12345678），改用经批准的涉密系统。")
        assert TRACE not in words + caplog.text + str(refused.value) + repr(refused.value.params)
    assert stored() == before
    assert traces() == []


def stored() -> set[Path]:
    """Every attachment on the disk."""
    return set(Path(settings.HUYING_HOME).glob("files/??/*"))


def traces(what: str = TRACE) -> list[str]:
    """Every file of the system, database and journal included, and every table in which a word stands."""
    forms = [what.encode(), what.encode("utf-16-be"), what.encode("utf-16-le"), what.encode("utf-16-be").hex().encode()]
    places = [Path(settings.HUYING_HOME), *database()]
    found = [place for folder in places for place in folder.rglob("*") if place.is_file()]
    return [str(place) for place in found if any(form in place.read_bytes() for form in forms)] + tables(what)


def database() -> list[Path]:
    """The folder in which the database keeps its tables and its journal."""
    if connection.vendor == "sqlite":
        return [Path(str(connection.settings_dict["NAME"])).parent]
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        folder = Path(cursor.fetchone()[0])
        cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
        return [folder / "base" / str(cursor.fetchone()[0]), folder / "pg_wal", folder / "log"]


def tables(what: str) -> list[str]:
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {table}")
            if any(what in str(row) for row in cursor.fetchall()):
                found.append(table)
    return found


def test_the_search_for_traces_finds_what_was_accepted(committed: None) -> None:
    word = secrets.token_hex(8)
    call(text=f"普通诉求 {word}")
    found = traces(word)
    assert "ledger_document" in found
    assert [place for place in found if place.startswith("/")]


@pytest.mark.django_db
def test_a_mark_in_a_later_act_or_in_a_child_is_refused_too() -> None:
    case = call()
    with pytest.raises(SecrecyMark):
        act(case, "note", "hotline.1", text=MARKED)
    act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="城市照明管理规定")
    with pytest.raises(SecrecyMark):
        act(case, "support", "dispatch.1", children=[{"title": MARKED, "lead": "parks", "due": "3wd"}])
    with pytest.raises(SecrecyMark):
        record(case, "look", who("hotline.1"), {"reason": "机密★"}, seen=None)
    assert Case.objects.filter(parent=case).count() == 0


@pytest.mark.django_db
def test_the_refusal_names_the_field_or_the_file_in_chinese() -> None:
    for way, named in (("text", "说明"), ("file name", "文件名"), ("PDF", "文件")):
        with pytest.raises(SecrecyMark) as refused:
            open_case(Intake("request", OPENINGS[way]), who("hotline.1"))
        assert sentence(refused.value).startswith(f"{named}带有国家秘密标志，内容一概没有保存。")
