"""Promise 3, and promise 2 as far as it can be shown without seals: each way of tampering has its finding.

Each test does one wrong thing by SQL with the guard lifted, and names the finding's code and its Chinese sentence.
"""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from huying.ledger import attachments, audit, documents, search
from huying.ledger.ledger import entry_hash
from huying.ledger.models import Case, Document, Entry, Identity, Listed, Outbox
from huying.ledger.record import Intake, open_case
from huying.ledger.said import Upload
from tests.cast import act, call, who
from tests.tampering import Value, codes, found, tampered

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> None:
    settings.HUYING_HOME = tmp_path


@pytest.fixture
def lamp() -> Case:
    """A case with a register, an identity, a text, a file and a source, in the middle of its life."""
    said = {
        "title": "路灯不亮",
        "text": "柳园路的路灯坏了。",
        "type": "help",
        "requester": {"name": "王秀兰", "phone": "13800001234"},
        "evidence": [Upload("照片.pdf", PDF)],
    }
    case = open_case(Intake("request", said, source_system="open311", source_ref="A-1"), who("hotline.1"))
    act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan", urgency="normal")
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="城市照明管理规定")
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1", reached="yes", text="已约定上门。")
    return case


def entry(case: Case, seq: int) -> Entry:
    return Entry.objects.get(case=case, seq=seq)


def one() -> audit.Difference:
    """The only finding."""
    differences = found()
    assert len(differences) == 1, [difference.words() for difference in differences]
    return differences[0]


def test_a_ledger_that_nobody_touched_is_silent(lamp: Case) -> None:
    assert found() == []


# --- entries


def edited(row: models.Model, column: str) -> Value:
    """Another value for a column, of its own type."""
    value = getattr(row, column)
    if isinstance(value, datetime):
        return value + timedelta(days=1)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if column in ("at", "happened_at", "closed", "due", "next_due", "alarm", "erased"):
        return datetime.fromisoformat("2026-06-15T00:00:00+00:00")
    text = "" if value is None else str(value)
    return text.replace("}", ',"x":1}', 1) if text.endswith("}") else text[:-1] + "x"


OF_ENTRY = {field.attname for field in Entry._meta.concrete_fields} - {"id", "case_id", "seq", "prev"}


@pytest.mark.parametrize("seq", [3, 5])
@pytest.mark.parametrize("column", sorted(OF_ENTRY))
def test_an_edited_entry(lamp: Case, column: str, seq: int) -> None:
    value = edited(entry(lamp, seq), column)
    with tampered((f"UPDATE ledger_entry SET {column} = %s WHERE case_id = %s AND seq = %s", value, lamp.pk, seq)):
        difference = one()
        assert (difference.case, difference.seq, difference.code) == (lamp.number, seq, "hash")
        assert difference.words().endswith("本条写入之后被改动过。")


def test_an_edited_entry_with_its_hash_made_anew_is_seen_at_the_next(lamp: Case) -> None:
    forged = entry(lamp, 3)
    forged.said_json = forged.said_json.replace("lighting", "water")
    sql = "UPDATE ledger_entry SET said_json = %s, hash = %s WHERE id = %s"
    with tampered((sql, forged.said_json, entry_hash(forged, lamp.number), forged.pk)):
        assert (one().seq, one().code) == (4, "chain")
        assert one().words().endswith("本条与前一条接不上。")


def test_the_last_entry_forged_with_its_hash_is_seen_at_the_head_of_the_case(lamp: Case) -> None:
    forged = entry(lamp, 5)
    forged.actor = "lighting.2"
    sql = "UPDATE ledger_entry SET actor = %s, hash = %s WHERE id = %s"
    with tampered((sql, forged.actor, entry_hash(forged, lamp.number), forged.pk)):
        assert one().code == "end"


def test_an_edited_link_to_the_entry_before(lamp: Case) -> None:
    with tampered(("UPDATE ledger_entry SET prev = %s WHERE case_id = %s AND seq = 3", "0" * 64, lamp.pk)):
        assert (one().seq, one().code) == (3, "chain")


@pytest.mark.parametrize("seq", [1, 3])
def test_an_entry_deleted_from_the_middle(lamp: Case, seq: int) -> None:
    gone = entry(lamp, seq).pk
    with tampered(
        ("DELETE FROM ledger_outbox WHERE entry_id = %s", gone), ("DELETE FROM ledger_entry WHERE id = %s", gone)
    ):
        assert (one().seq, one().code) == (seq, "gap")
        assert one().words().endswith(f"缺少第 {seq} 条。")


def test_the_last_entry_deleted(lamp: Case) -> None:
    gone = entry(lamp, 5).pk
    with tampered(
        ("DELETE FROM ledger_outbox WHERE entry_id = %s", gone), ("DELETE FROM ledger_entry WHERE id = %s", gone)
    ):
        assert (one().seq, one().code) == (5, "end")
        assert one().words().endswith("事项停在第 5 条，台账却止于第 4 条：末尾被删去或调换。")


def test_all_entries_deleted_and_the_case_left(lamp: Case) -> None:
    with tampered(
        ("DELETE FROM ledger_outbox WHERE entry_id IN (SELECT id FROM ledger_entry WHERE case_id = %s)", lamp.pk),
        ("DELETE FROM ledger_entry WHERE case_id = %s", lamp.pk),
    ):
        assert one().words().endswith("事项停在第 5 条，台账却止于第 0 条：末尾被删去或调换。")


def test_an_entry_put_in_beside_the_ledger(lamp: Case) -> None:
    columns = "case_id, act, actor, at, said_json, sets_json, v, prev, hash"
    sql = f"INSERT INTO ledger_entry (seq, {columns}) SELECT 6, {columns} FROM ledger_entry WHERE id = %s"
    with tampered((sql, entry(lamp, 5).pk)):
        assert (one().seq, one().code) == (6, "chain")


def test_two_entries_exchanged(lamp: Case) -> None:
    sql = "UPDATE ledger_entry SET seq = %s WHERE id = %s"
    third, fourth = entry(lamp, 3).pk, entry(lamp, 4).pk
    with tampered((sql, 99, third), (sql, 3, fourth), (sql, 4, third)):
        assert (one().seq, one().code) == (3, "chain")


def test_the_first_entries_of_two_cases_exchanged(lamp: Case) -> None:
    other = call()
    sql = "UPDATE ledger_entry SET case_id = %s, seq = %s WHERE id = %s"
    mine, theirs = entry(lamp, 1).pk, entry(other, 1).pk
    with tampered((sql, other.pk, 99, mine), (sql, lamp.pk, 1, theirs), (sql, other.pk, 1, mine)):
        assert {(d.case, d.seq, d.code) for d in found()} == {(lamp.number, 1, "hash"), (other.number, 1, "hash")}


def test_an_entry_that_sets_what_no_case_has(lamp: Case) -> None:
    """A forger who knows how to hash but not what the fold knows."""
    forged = entry(lamp, 5)
    forged.sets_json = '{"favour":"yes"}'
    forged.hash = entry_hash(forged, lamp.number)
    sql = "UPDATE ledger_entry SET sets_json = %s, hash = %s WHERE id = %s"
    with tampered(
        (sql, forged.sets_json, forged.hash, forged.pk),
        ("UPDATE ledger_case SET head = %s WHERE id = %s", forged.hash, lamp.pk),
    ):
        assert (one().seq, one().code) == (5, "fold")
        assert "第 5 条自相矛盾" in one().words()


# --- cases


def test_a_case_deleted_and_its_entries_left(lamp: Case) -> None:
    with tampered(("DELETE FROM ledger_case WHERE id = %s", lamp.pk)):
        tables = {str(difference.params["table"]) for difference in found() if difference.code == "deleted"}
        assert tables == {"ledger_entry", "ledger_document", "ledger_identity", "ledger_listed"}
        assert f"内部编号 {lamp.pk} 的事项已被删除，ledger_entry 表里还留有它的记录。" in found()[0].words()


def test_a_case_deleted_with_its_entries_is_known_by_what_else_it_left(lamp: Case) -> None:
    with tampered(
        ("DELETE FROM ledger_outbox WHERE entry_id IN (SELECT id FROM ledger_entry WHERE case_id = %s)", lamp.pk),
        ("DELETE FROM ledger_entry WHERE case_id = %s", lamp.pk),
        ("DELETE FROM ledger_case WHERE id = %s", lamp.pk),
    ):
        tables = {str(difference.params["table"]) for difference in found()}
        assert tables == {"ledger_document", "ledger_identity", "ledger_listed"}


OF_CASE = {field.attname for field in Case._meta.concrete_fields}
LIST = OF_CASE - {"id", "number", "seq", "head", "parent_id", "into_id"}


@pytest.mark.parametrize("column", sorted(LIST))
def test_an_edited_column(lamp: Case, column: str) -> None:
    lamp.refresh_from_db()
    value = edited(lamp, column)
    with tampered((f"UPDATE ledger_case SET {column} = %s WHERE id = %s", value, lamp.pk)):
        difference = one()
        assert (difference.case, difference.code) == (lamp.number, "column")
        name = "source" if column.startswith("source") else column
        assert f"列 {name} 写的是“" in difference.words()
        assert "，按条目应为“" in difference.words()


@pytest.mark.parametrize(("column", "code"), [("number", "hash"), ("seq", "end"), ("head", "end")])
def test_an_edited_number_or_end_of_a_case(lamp: Case, column: str, code: str) -> None:
    with tampered((f"UPDATE ledger_case SET {column} = %s WHERE id = %s", edited(lamp, column), lamp.pk)):
        assert one().code == code


def test_a_case_given_another_inner_number(lamp: Case) -> None:
    with tampered(("UPDATE ledger_case SET id = id + 1000 WHERE id = %s", lamp.pk)):
        assert codes() == {"end", "deleted"}


def test_the_kept_state_edited_where_no_column_shows_it(lamp: Case) -> None:
    state = json.loads(lamp.state)
    state["counts"] = {"redo": 3}
    with tampered(("UPDATE ledger_case SET state = %s WHERE id = %s", json.dumps(state), lamp.pk)):
        assert (one().code, one().params["name"]) == ("column", "state")


# --- family


@pytest.fixture
def parent(lamp: Case) -> Case:
    item = {"title": "清理树枝", "lead": "parks", "due": "3wd"}
    act(lamp, "support", "lighting.1", children=[item, {**item, "lead": "power"}])
    return lamp


def test_children_and_merged_cases_are_silent(parent: Case) -> None:
    duplicate = call()
    act(duplicate, "merge", "hotline.1", into=parent.number)
    assert found() == []


def test_a_child_deleted_with_everything_is_missed_by_its_parent(parent: Case) -> None:
    child = Case.objects.filter(parent=parent).latest("pk")
    with tampered(*everything(child)):
        difference = one()
        assert (difference.case, difference.code) == (parent.number, "children")
        assert "按条目，子项应是：support 未办结 2 个、已办结 0 个；实际是：support 未办结 1 个" in difference.words()


def everything(case: Case) -> list[tuple[str, int]]:
    """Every row of a case, as somebody deletes who knows the tables."""
    tables = ("document", "identity", "listed", "entry")
    outbox = "DELETE FROM ledger_outbox WHERE entry_id IN (SELECT id FROM ledger_entry WHERE case_id = %s)"
    return [
        (outbox, case.pk),
        ("DELETE FROM ledger_search WHERE case_id = %s", case.pk),
        *[(f"DELETE FROM ledger_{table} WHERE case_id = %s", case.pk) for table in tables],
        ("DELETE FROM ledger_case WHERE id = %s", case.pk),
    ]


def test_a_child_moved_to_another_parent_by_its_column(parent: Case) -> None:
    other, child = call(), Case.objects.filter(parent=parent).latest("pk")
    with tampered(("UPDATE ledger_case SET parent_id = %s WHERE id = %s", other.pk, child.pk)):
        assert {(d.case, d.code) for d in found()} == {
            (parent.number, "children"), (other.number, "children"), (child.number, "column"),
        }  # fmt: skip


def test_a_child_closed_by_its_column(parent: Case) -> None:
    child = Case.objects.filter(parent=parent).latest("pk")
    with tampered(("UPDATE ledger_case SET closed = %s WHERE id = %s", child.opened, child.pk)):
        assert {(d.case, d.code) for d in found()} == {(parent.number, "children"), (child.number, "column")}


def test_a_merged_case_pointed_to_another_survivor(parent: Case) -> None:
    duplicate, other = call(), call()
    act(duplicate, "merge", "hotline.1", into=parent.number)
    with tampered(("UPDATE ledger_case SET into_id = %s WHERE id = %s", other.pk, duplicate.pk)):
        assert (one().code, one().params["name"]) == ("column", "into")


# --- documents

EXCHANGED = "本条的一份材料被调换或改动过。"


def text(case: Case) -> Document:
    return Document.objects.get(case=case, field="text", body__contains="柳园路")


def photo(case: Case) -> Document:
    return Document.objects.get(case=case, field="evidence")


@pytest.mark.parametrize(
    ("column", "value"),
    [("body", "柳园路的路灯没坏。"), ("salt", "0" * 32), ("digest", "0" * 64), ("field", "title"), ("size", 1),
     ("at", datetime.fromisoformat("2026-01-01T00:00:00+00:00")), ("blob", "0" * 64)],
)  # fmt: skip
def test_an_edited_text(lamp: Case, column: str, value: Value) -> None:
    with tampered((f"UPDATE ledger_document SET {column} = %s WHERE id = %s", value, text(lamp).pk)):
        difference = one()
        assert (difference.seq, difference.code) == (1, "file" if column == "blob" else "document")


def test_an_edited_body_in_words(lamp: Case) -> None:
    with tampered(("UPDATE ledger_document SET body = body || %s WHERE id = %s", "！", text(lamp).pk)):
        assert one().words() == f"{lamp.number} #1: {EXCHANGED}"


@pytest.mark.parametrize(("column", "value"), [("name", "别的.pdf"), ("media", "text/html"), ("size", 1)])
def test_an_edited_file(lamp: Case, column: str, value: Value) -> None:
    with tampered((f"UPDATE ledger_document SET {column} = %s WHERE id = %s", value, photo(lamp).pk)):
        assert one().words() == f"{lamp.number} #1: {EXCHANGED}"


def test_a_text_rewritten_with_salt_and_digest_made_anew(lamp: Case) -> None:
    """The entry holds the digest, so a forged one doesn't help."""
    forged = documents.new_text("text", "没有问题。", sealed=False, at=lamp.opened)
    sql = "UPDATE ledger_document SET body = %s, salt = %s, digest = %s, size = %s WHERE id = %s"
    with tampered((sql, forged.body, forged.salt, forged.digest, forged.size, text(lamp).pk)):
        assert (one().code, one().words()) == ("document", f"{lamp.number} #1: {EXCHANGED}")


def test_two_texts_exchanged(lamp: Case) -> None:
    """Between two cases, all columns of the content, as if each caller had said the other's words."""
    other = call(title="漏水", text="楼道漏水。", type="help")
    theirs = Document.objects.get(case=other, field="text")
    sql = "UPDATE ledger_document SET body = %s, salt = %s, digest = %s, size = %s WHERE id = %s"
    mine = text(lamp)
    with tampered(
        (sql, theirs.body, theirs.salt, theirs.digest, theirs.size, mine.pk),
        (sql, mine.body, mine.salt, mine.digest, mine.size, theirs.pk),
    ):
        assert {(d.case, d.code) for d in found()} == {(lamp.number, "document"), (other.number, "document")}


def test_two_documents_exchanged_by_their_keys(lamp: Case) -> None:
    sql = "UPDATE ledger_document SET key = %s WHERE id = %s"
    mine, other = text(lamp), Document.objects.get(case=lamp, field="title")
    with tampered((sql, "0" * 32, mine.pk), (sql, mine.key, other.pk), (sql, other.key, mine.pk)):
        assert [difference.words() for difference in found()] == [f"{lamp.number} #1: {EXCHANGED}"] * 2


def test_a_document_moved_to_another_case(lamp: Case) -> None:
    other, mine = call(), text(lamp)
    with tampered(("UPDATE ledger_document SET case_id = %s WHERE id = %s", other.pk, mine.pk)):
        words = {difference.words() for difference in found() if difference.code == "document"}
        assert words == {
            f"{lamp.number} #1: 本条的一份材料不见了。",
            f"{other.number} #0: 材料 {mine.key} 不属于任何一条。",
        }


def test_a_deleted_document(lamp: Case) -> None:
    with tampered(("DELETE FROM ledger_document WHERE id = %s", photo(lamp).pk)):
        assert one().words() == f"{lamp.number} #1: 本条的一份材料不见了。"


def test_a_document_put_in_beside_the_ledger(lamp: Case) -> None:
    extra = documents.new_text("reason", "事后补的。", sealed=False, at=lamp.opened)
    extra.case = lamp
    extra.save()
    assert one().words() == f"{lamp.number} #0: 材料 {extra.key} 不属于任何一条。"


def test_a_seal_broken_afterwards() -> None:
    case = call(title="举报", text="物业科收受好处。", type="report", about="housing-property")
    sealed = Document.objects.get(case=case, field="text")
    with tampered(("UPDATE ledger_document SET sealed = %s WHERE id = %s", False, sealed.pk)):
        assert codes() == {"seal", "search"}
        assert found()[0].words() == f"{case.number} #1: 本条的一份材料，其保密状态事后被改动过。"


def test_a_seal_set_afterwards_to_hide_words_from_their_handlers(lamp: Case) -> None:
    with tampered(("UPDATE ledger_document SET sealed = %s WHERE id = %s", True, text(lamp).pk)):
        assert codes() == {"seal", "search"}


def test_a_document_erased_without_a_word(lamp: Case) -> None:
    with tampered(("UPDATE ledger_document SET erased = at, body = '', salt = '' WHERE id = %s", text(lamp).pk)):
        erased = [difference for difference in found() if difference.code == "erased"]
        assert erased[0].words() == f"{lamp.number} #1: 本条的一份材料被抹去，却没有哪一条写明本件应予遗忘。"


@pytest.mark.parametrize("content", [None, b"", PDF + b" ", PDF[:-1], b"something else"])
def test_a_file_lost_or_changed_on_the_disk(lamp: Case, content: bytes | None) -> None:
    place = attachments.path_of(photo(lamp).blob)
    place.unlink()
    if content is not None:
        place.write_bytes(content)
    assert (one().seq, one().code) == (1, "file")
    assert one().words() == f"{lamp.number} #1: 本条的一个附件不在磁盘上，或者内容已变。"


def test_a_row_that_names_a_path_instead_of_a_file_is_found_and_nothing_is_read(lamp: Case) -> None:
    with tampered(("UPDATE ledger_document SET blob = %s WHERE id = %s", "../../../etc/passwd", photo(lamp).pk)):
        assert one().code == "file"


# --- register, identity, outbox


def test_an_edited_fact_of_the_register(lamp: Case) -> None:
    with tampered(("UPDATE ledger_listed SET value = 'safety' WHERE case_id = %s AND name = 'urgency'", lamp.pk)):
        assert one().words() == f"{lamp.number} #5: 登记表里 urgency 写的是“safety”，按条目应为“normal”。"


def test_a_fact_taken_out_of_the_register(lamp: Case) -> None:
    with tampered(("DELETE FROM ledger_listed WHERE case_id = %s AND name = 'type'", lamp.pk)):
        assert (one().code, one().params["name"]) == ("listed", "type")


def test_a_fact_put_into_the_register(lamp: Case) -> None:
    Listed.objects.create(case=lamp, name="solved", value="yes")
    assert one().words() == f"{lamp.number} #5: 登记表里 solved 写的是“yes”，按条目应为“—”。"


def test_a_fact_of_the_register_under_another_name(lamp: Case) -> None:
    with tampered(("UPDATE ledger_listed SET name = 'solved' WHERE case_id = %s AND name = 'type'", lamp.pk)):
        assert [difference.params["name"] for difference in found()] == ["solved", "type"]


def test_a_fact_that_was_taken_back_by_an_act_is_in_no_register(lamp: Case) -> None:
    act(lamp, "submit", "lighting.1", reply="已修好。", outcome="fixed")
    act(lamp, "sign", "lighting.reviewer")
    act(lamp, "redo", "callback.1", contacted="yes", solved="no", satisfied="no", reason="没有修好")
    assert Listed.objects.filter(case=lamp, name="solved", value="no").exists()
    assert found() == []


@pytest.mark.parametrize("sql", ["UPDATE ledger_identity SET phone_key = '0'", "DELETE FROM ledger_identity"])
def test_the_key_of_a_callers_number_edited_or_deleted(lamp: Case, sql: str) -> None:
    with tampered((f"{sql} WHERE case_id = %s", lamp.pk)):
        assert one().words() == f"{lamp.number} #1: 按号码查找诉求人的索引与密封的身份不符。"


def test_two_callers_exchanged(lamp: Case) -> None:
    other = call(text="漏水", requester={"name": "孙小梅", "phone": "13900005678"})
    sql = "UPDATE ledger_identity SET phone_key = %s WHERE case_id = %s"
    keys = dict(Identity.objects.values_list("case_id", "phone_key"))
    with tampered((sql, keys[other.pk], lamp.pk), (sql, keys[lamp.pk], other.pk)):
        assert {(d.case, d.code) for d in found()} == {(lamp.number, "identity"), (other.number, "identity")}


def test_a_key_given_to_a_case_without_a_caller() -> None:
    case = call()
    Identity.objects.create(case=case, phone_key="0" * 64)
    assert (one().code, one().case) == ("identity", case.number)


def test_a_corrected_identity_is_silent(lamp: Case) -> None:
    act(lamp, "correct_identity", "hotline.1", requester={"name": "王秀兰"}, reason="号码记错")
    assert not Identity.objects.filter(case=lamp).exists()
    assert found() == []


def test_who_is_to_be_told_edited(lamp: Case) -> None:
    owed = Outbox.objects.get(entry=entry(lamp, 3))
    with tampered(("UPDATE ledger_outbox SET tells = 'lead' WHERE entry_id = %s", owed.pk)):
        assert (one().seq, one().code) == (3, "outbox")
        assert one().words().endswith("本条待告知的对象被改动过：现在写的是“lead”，按动作应为“lead requester”。")


@pytest.mark.parametrize("column", ["urgent", "at"])
def test_what_is_owed_edited(lamp: Case, column: str) -> None:
    value = edited(Outbox.objects.get(entry=entry(lamp, 3)), column)
    with tampered((f"UPDATE ledger_outbox SET {column} = %s WHERE entry_id = %s", value, entry(lamp, 3).pk)):
        assert (one().seq, one().code) == (3, "outbox")


def test_what_is_owed_hung_on_another_entry(lamp: Case) -> None:
    with tampered(("UPDATE ledger_outbox SET entry_id = %s WHERE entry_id = %s", entry(lamp, 4).pk, entry(lamp, 3).pk)):
        assert (one().seq, one().code) == (4, "outbox")


def test_what_is_owed_left_without_its_entry(lamp: Case) -> None:
    with tampered(("UPDATE ledger_outbox SET entry_id = 999999 WHERE entry_id = %s", entry(lamp, 3).pk)):
        assert one().words() == "— #0: 内部编号 999999 的条目已被删除，待告知记录还留着。"


# --- rules, and the search index


def test_a_procedure_edited_in_the_database(lamp: Case) -> None:
    with tampered(("UPDATE ledger_procedureversion SET text = text || ' ' WHERE name = 'request'",)):
        assert "version" in codes()
        assert "在载入之后被改动过。" in found()[0].words()


def test_a_procedure_deleted_from_the_database(lamp: Case) -> None:
    with tampered(
        ("DELETE FROM ledger_inforce WHERE name = 'request'",),
        ("DELETE FROM ledger_procedureversion WHERE name = 'request'",),
    ):
        missed = [difference for difference in found() if difference.case == lamp.number]
        assert missed[0].words() == f"{lamp.number} #1: 本条所依据的城市数据或规程版本不见了。"


@pytest.mark.parametrize(
    "sql", ["UPDATE city_cityversion SET content = content || ' '", "DELETE FROM city_cityversion"]
)
def test_a_city_edited_or_deleted(lamp: Case, sql: str) -> None:
    with tampered((sql,)):
        assert codes() == {"version"}


def test_a_text_taken_out_of_the_search_index(lamp: Case) -> None:
    search.forget([text(lamp).pk])
    assert one().words() == f"{lamp.number} #0: 检索索引与本件可读的文字不一致。"


def test_a_sealed_text_put_into_the_search_index() -> None:
    case = call(title="举报", text="物业科收受好处。", type="report", about="housing-property")
    search.index(case.pk, [Document.objects.get(case=case, field="text")])
    assert (one().case, one().code) == (case.number, "search")


def test_a_hit_led_to_another_case(lamp: Case) -> None:
    other = call()
    search.forget([text(lamp).pk])
    search.index(other.pk, [text(lamp)])
    assert (one().case, one().code) == (lamp.number, "search")


def test_words_in_the_search_index_that_no_document_says(lamp: Case) -> None:
    search.index(lamp.pk, [Document(pk=999999, body="没有的事")])
    assert one().words() == "— #0: 检索索引里有内部编号 999999 的材料，而这份材料并不存在。"


# --- the audit itself


def test_only_the_cases_named_are_looked_at(lamp: Case) -> None:
    other = call()
    with tampered(("UPDATE ledger_case SET stage = 'x'",)):
        assert [d.case for d in audit.audit(numbers=frozenset({other.number}))] == [other.number]
        assert list(audit.audit(numbers=frozenset())) == []


def queries(cases: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many queries an audit makes that takes so many cases at a time."""
    monkeypatch.setattr(audit, "BATCH", cases)
    with CaptureQueriesContext(connection) as made:
        assert list(audit.audit()) == []
    return len(made)


def test_the_number_of_queries_follows_the_batches_and_not_the_cases(
    lamp: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = queries(500, monkeypatch)
    for _ in range(20):
        act(call(), "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    assert queries(500, monkeypatch) == small
    assert queries(12, monkeypatch) - small <= 12


def test_memory_does_not_grow_with_the_ledger_of_a_case(lamp: Case) -> None:
    """One case with four thousand long entries, ten megabytes in all, of which a few are in memory at a time."""
    lengthen(lamp, 4_000)
    tracemalloc.start()
    try:
        assert list(audit.audit(numbers=frozenset({lamp.number}))) == []
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def lengthen(case: Case, count: int) -> None:
    """Add true entries to a case, over two kilobytes each."""
    case.refresh_from_db()
    state, prev, entries = case.folded(), case.head, []
    for seq in range(state.seq + 1, state.seq + 1 + count):
        added = Entry(case=case, seq=seq, act="child", actor="case", at=case.opened, prev=prev, sets_json="{}")
        added.said_json = json.dumps({"stage": "x" * 2500})
        added.hash = prev = entry_hash(added, case.number)
        entries.append(added)
    Entry.objects.bulk_create(entries, batch_size=500)
    state = replace(state, seq=state.seq + count)
    Case.objects.filter(pk=case.pk).update(seq=state.seq, head=prev, state=state.to_json())


def test_what_the_audit_can_not_see_alone(lamp: Case) -> None:
    """Told in docs/explanation/what-audit-sees.md; the signed checkpoints see both."""
    with tampered(*everything(lamp)):
        assert found() == []
    with tampered(("DELETE FROM ledger_outbox WHERE entry_id = %s", entry(lamp, 3).pk)):
        assert found() == []
