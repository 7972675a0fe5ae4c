"""A list as an Excel file: for a purpose, within a limit, with an entry; nothing in it that its page doesn't show."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings
from python_calamine import CalamineWorkbook

from huying.ledger import administration, documents
from huying.ledger.models import Case, Entry
from tests.cast import act, call, who
from tests.desks import browser, page, words

pytestmark = pytest.mark.django_db
QUEUE = "/desk/export/queue/all"


def taken(answer: Any) -> list[list[str]]:
    """The rows of the file that came."""
    assert answer.status_code == 200, words(answer.content.decode())[-500:]
    assert answer["Content-Type"].endswith("spreadsheetml.sheet") and "attachment" in answer["Content-Disposition"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content)))
    return [list(map(str, row)) for row in book.get_sheet_by_index(0).to_python(skip_empty_area=False)]


def exported(client: Client, address: str = QUEUE, purpose: str = "周例会核对") -> list[list[str]]:
    return taken(client.post(address, {"purpose": purpose}))


def entries() -> list[Entry]:
    return list(Entry.objects.filter(act="export").order_by("pk"))


def test_the_file_says_who_took_it_for_what_and_so_does_an_entry() -> None:
    case = call(type="help", title="路灯不亮", text="柳园路的路灯坏了。")
    rows = exported(browser("dispatch.1"))
    assert "dispatch.1" in rows[0][0] and "用途：周例会核对" in rows[0][0] and "2026年6月15日" in rows[0][0]
    assert rows[2][:5] == ["事项", "标题", "种类", "灯", "原因"]
    assert [row[1] for row in rows[3:]] == ["路灯不亮"]
    [entry] = entries()
    assert (entry.said["person"], entry.said["number"]) == ("dispatch.1", 1)
    standing = administration.standing(who("admin.security"))
    assert documents.of(standing, "reason") == "周例会核对" and documents.of(standing, "exported") == "本级在办"
    assert rows[3][0].replace(" ", "") == case.number


def test_lamp_and_reason_are_those_of_the_page() -> None:
    call(type="help", title="路灯不亮", text="柳园路的路灯坏了。")
    client = browser("dispatch.1")
    shown = words(page(client.get("/desk/queue/all")))
    [row] = exported(client)[3:]
    assert row[3] and row[4] and row[3] in shown and row[4] in shown
    other = "red" if "红" not in row[3] else "green"
    assert exported(client, f"{QUEUE}?lamp={other}")[3:] == []


def test_a_formula_in_somebodys_words_is_text() -> None:
    call(type="help", title='=HYPERLINK("http://x.invalid","点我")', text="柳园路的路灯坏了。")
    call(type="help", title="http://x.invalid/", text="柳园路的路灯坏了。")
    titles = {row[1] for row in exported(browser("dispatch.1"))[3:]}
    assert titles == {'=HYPERLINK("http://x.invalid","点我")', "http://x.invalid/"}


def test_what_is_sealed_and_who_called_stay_out() -> None:
    who_called = {"name": "欧阳泽霖", "phone": "13987652046"}
    call(type="report", title="占用公款", text="某科长占用公款。", requester=who_called)
    case = call(type="help", title="路灯不亮", text="柳园路的路灯坏了。", requester=who_called)
    act(case, "copy", "hotline.1", handling_copy="柳园路路灯损坏。")
    whole = "\n".join("\t".join(row) for row in exported(browser("hotline.1")))
    assert "欧阳" not in whole and "13987652046" not in whole and "公款" not in whole


def test_a_register_has_its_listed_facts_and_no_more_than_its_filters_let_through() -> None:
    case = call(type="help", title="路灯不亮", text="柳园路的路灯坏了。")
    call(type="praise", title="修得好", text="谢谢你们。")
    rows = exported(browser("dispatch.1"), "/desk/export/register/request?fact.type=help")
    assert "诉求类型" in rows[2]
    assert [row[0].replace(" ", "") for row in rows[3:]] == [case.number]


def test_more_rows_than_the_limit_are_refused_and_leave_no_entry(settings: Settings) -> None:
    settings.HUYING_EXPORT_ROWS = 1
    for place in range(2):
        call(type="help", title="路灯不亮", text=f"柳园路 {place} 号的路灯坏了。")
    said = words(page(browser("dispatch.1").post(QUEUE, {"purpose": "核对"}), 422))
    assert "超过 1 行" in said and "筛选" in said and entries() == []


@pytest.mark.parametrize("purpose", ["", "   "])
def test_without_a_purpose_nothing_is_sent(purpose: str) -> None:
    call(type="help", title="路灯不亮", text="柳园路的路灯坏了。")
    said = words(page(browser("dispatch.1").post(QUEUE, {"purpose": purpose}), 422))
    assert "理由" in said and entries() == []


def test_an_export_in_batches_has_every_case_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huying.desk.export.BATCH", 2)
    for place in range(5):
        call(type="help", title="路灯不亮", text=f"柳园路 {place} 号的路灯坏了。")
    numbers = set(Case.objects.filter(procedure="request").values_list("number", flat=True))
    for address in (QUEUE, "/desk/export/register/request"):
        got = [row[0].replace(" ", "") for row in exported(browser("dispatch.1"), address)[3:]]
        assert sorted(got) == sorted(numbers)


@pytest.mark.parametrize("undated", [slice(0, 3), slice(3, 6), slice(0, 6)])
def test_cases_without_a_clock_are_exported_too_after_the_others(
    undated: slice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huying.desk.export.BATCH", 2)
    cases = [call(type="help", title="路灯不亮", text=f"柳园路 {place} 号的路灯坏了。") for place in range(6)]
    without = [case.pk for case in cases[undated]]
    Case.objects.filter(pk__in=without).update(next_due=None)
    dated = [case.number for case in cases if case.pk not in without]
    last = [case.number for case in cases if case.pk in without]
    for address in (QUEUE, f"{QUEUE}?lamp=green"):
        assert [row[0].replace(" ", "") for row in exported(browser("dispatch.1"), address)[3:]] == [*dated, *last]


def test_only_administrators_take_the_register_of_the_administration_and_nobody_a_queue_that_isnt() -> None:
    client = browser("hotline.1")
    assert client.get("/desk/export/register/administration").status_code == 403
    assert client.get("/desk/export/queue/nonsense").status_code in (400, 404)
    assert entries() == []
