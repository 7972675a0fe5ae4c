"""Finding a case by its words: Chinese as people type it, only what the handlers may read, only what one may see."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from huying.ledger import documents, find, search
from huying.ledger.models import Case, Document
from tests.cast import act, call, who

pytestmark = pytest.mark.django_db

TEXT = "柳园路 12 号门前的路灯坏了三天，B12栋居民说G312国道旁也看不清。联系人张三丰，电话１３８-０１２３。"


def found(query: str, key: str = "hotline.1") -> list[str]:
    return [case.number for case in find.found(query, who(key))]


@pytest.fixture
def lamp() -> Case:
    return call(title="路灯不亮", text=TEXT, type="help")


@pytest.mark.parametrize(
    "query",
    ["路灯", "柳园", "园路", "柳园路", "国道", "居民", "看不清", "12", "b12", "B12栋", "栋", "Ｇ３１２", "0123",
     "路灯不亮", "国道 路灯", "柳园路路灯坏了", "张三丰", "坏的路灯", "路灯！！！", "『路灯』"],
)  # fmt: skip
def test_a_case_is_found_by_the_words_that_a_clerk_types(lamp: Case, query: str) -> None:
    assert found(query) == [lamp.number]


@pytest.mark.parametrize("query", ["路面", "园柳", "1", "31", "国路", "灯笼", "", " ", "。，", "%", "*", "路灯 水管"])
def test_a_case_is_not_found_by_what_it_does_not_say(lamp: Case, query: str) -> None:
    assert found(query) == []


OPERATORS = [
    '"', "'", '路灯"', "路灯'", "路灯 OR 水管", "路灯 NOT 坏", "words : 路灯", "路灯*", "NEAR(路灯 坏)", "^路灯",
    "a & !b", "'路灯':*", "路灯 | 水管", "路灯 <-> 坏", "\\", "\0", "\ud800", "(((((", "-路灯", "{路灯}",
    "'; DROP TABLE ledger_case; --",
]  # fmt: skip


@pytest.mark.parametrize("query", OPERATORS)
def test_quotes_and_operators_of_a_search_engine_are_words_like_others(lamp: Case, query: str) -> None:
    assert found(query) in ([lamp.number], [])
    assert Case.objects.filter(pk=lamp.pk).exists()


def test_words_of_a_query_that_name_nothing_are_left_out(lamp: Case) -> None:
    assert found('"路灯" <-> (坏)') == [lamp.number]
    assert found("路灯 NOT 坏了") == []  # “NOT” is a word that the text doesn't have


CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"])


@settings(deadline=None)
@given(query=st.text(max_size=200))
def test_any_text_is_a_query(query: str) -> None:
    assert find.found(query, who("hotline.1"), most=1) is not None


@settings(deadline=None)
@given(text=st.text(CHARACTERS, min_size=2, max_size=60), place=st.data())
def test_any_piece_of_a_text_that_ends_at_its_words_finds_it(text: str, place: st.DataObject) -> None:
    """Both databases agree with Python on what a letter is: the index holds what was asked for."""
    pieces = text.split()
    piece = place.draw(st.sampled_from(pieces)) if pieces else ""
    assert set(search.asked(piece)) <= set(search.tokens(text))
    with transaction.atomic():
        case = Case.objects.order_by("pk").first()
        assert case is not None
        document = documents.new_text("text", text, sealed=False, at=case.opened)
        documents.save([(case, document)])
        hits = Case.objects.filter(pk__in=search.matching(piece))
        assert hits.filter(pk=case.pk).exists() == bool(search.asked(piece))
        transaction.set_rollback(True)


def test_the_sealed_words_of_a_confidential_caller_are_never_found_the_handling_copy_is() -> None:
    case = call(title="举报食堂", text="我是三车间的孙小梅，食堂用过期油。", type="complaint", wish="confidential")
    assert found("孙小梅") == found("三车间") == found("食堂") == []
    act(case, "copy", "hotline.1", handling_copy="反映某单位食堂使用过期食用油。")
    assert found("食堂") == found("食用油") == [case.number]
    assert found("孙小梅") == []


def test_a_report_of_wrongdoing_is_not_found_by_its_original() -> None:
    case = call(title="举报", text="物业科收受好处。", type="report", about="housing-property")
    act(case, "copy", "hotline.1", handling_copy="反映工作人员违纪。")
    assert found("好处") == []
    assert found("违纪") == [case.number]
    assert found("违纪", "housing.1") == []


def test_who_called_and_the_exact_place_are_not_found() -> None:
    call(
        title="漏水",
        text="楼道漏水。",
        type="help",
        place="桥东社区 3 栋 502",
        requester={"name": "孙小梅", "phone": "13800000000"},
    )
    assert found("孙小梅") == found("13800000000") == found("502") == []
    assert len(found("漏水")) == 1


def test_nobody_finds_what_they_may_not_see(lamp: Case) -> None:
    assert found("路灯", "housing.1") == found("路灯", "lighting.1") == []
    act(lamp, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    act(lamp, "dispatch", "dispatch.1", lead="lighting", basis="城市照明管理规定")
    assert found("路灯", "lighting.1") == [lamp.number]
    assert found("路灯", "housing.1") == []


def test_the_newest_case_comes_first_and_each_once() -> None:
    cases = [call(title="路灯不亮", text=f"第{i}盏路灯坏了。", type="help") for i in range(3)]
    act(cases[0], "copy", "hotline.1", handling_copy="路灯又坏了。")
    assert found("路灯") == [case.number for case in reversed(cases)]
    assert [case.number for case in find.found("路灯", who("hotline.1"), most=2)] == [cases[2].number, cases[1].number]


def test_one_case_among_thousands_that_are_others_to_see_is_found() -> None:
    """The hits aren't cut off before it is known which of them the clerk may see."""
    mine = call(title="路灯不亮", text="路灯坏了。", type="help")
    act(mine, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    act(mine, "dispatch", "dispatch.1", lead="lighting", basis="城市照明管理规定")
    copied = [field.attname for field in Case._meta.concrete_fields if field.attname != "id"]
    other = call(title="路灯不亮", text="路灯坏了。", type="help")
    others = [Case(**{name: getattr(other, name) for name in copied} | {"number": f"{i:012}"}) for i in range(3000)]
    indexed(Case.objects.bulk_create(others, batch_size=200))
    assert found("路灯", "lighting.1") == [mine.number]
    assert len(find.found("路灯", who("hotline.1"), most=5000)) == 3002


def indexed(cases: list[Case]) -> None:
    """Give each case a text about a lamp, as if it had been said."""
    texts = [documents.new_text("text", "路灯坏了。", sealed=False, at=case.opened) for case in cases]
    for case, text in zip(cases, texts, strict=True):
        text.case = case
    for case, text in zip(cases, Document.objects.bulk_create(texts, batch_size=200), strict=True):
        search.index(case.pk, [text])


def test_a_forgotten_document_is_found_no_more_and_nothing_of_it_is_left_in_the_index(lamp: Case) -> None:
    search.forget(list(Document.objects.filter(case=lamp).values_list("pk", flat=True)))
    assert found("路灯") == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_search WHERE case_id = %s", [lamp.pk])
        assert cursor.fetchone() == (0,)
    search.forget([])


def test_a_case_that_was_undone_is_not_in_the_index() -> None:
    with transaction.atomic():
        case = call(title="路灯不亮", text="路灯坏了。", type="help")
        assert found("路灯") == [case.number]
        transaction.set_rollback(True)
    assert found("路灯") == []
