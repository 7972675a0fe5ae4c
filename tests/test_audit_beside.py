"""What stands beside the entries, tampered with: documents, files, register, identity, outbox, rules, search index.

Each test does one wrong thing by SQL with the guard lifted, or on the disk, and names the finding and its sentence.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from huying.ledger import attachments, audit, documents, search
from huying.ledger.models import Case, Document, Identity, Listed, Outbox
from tests import tampering
from tests.cast import act, call
from tests.tampering import PDF, Value, codes, edited, entry, found, one, tampered

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> None:
    settings.HUYING_HOME = tmp_path


@pytest.fixture
def lamp() -> Case:
    return tampering.lamp()


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
    with tampered(
        ("UPDATE ledger_document SET erased = at, body = '', salt = '', name = '' WHERE id = %s", text(lamp).pk)
    ):
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


def test_a_guard_taken_away() -> None:
    with tampered():
        [difference] = audit.audit()
        assert difference.code == "guard"
        assert "guard_ledger_entry_update" in difference.words()
    assert list(audit.audit()) == []


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
