"""What can't be used is refused in words that name the problem and the mend, and leaves nothing behind."""

from __future__ import annotations

import math
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from random import Random

import pytest
from django.db import models, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from huying.city import store
from huying.errors import BadCity, BadDate, BadInput, BadProcedures, Refused, sentence
from huying.ledger import administration, attachments, audit, find, number, rulebook, said
from huying.ledger.models import Case, Document, Entry, Identity, Listed, Outbox
from huying.ledger.procedure import may
from huying.ledger.procedure_file import FOLDER as PROCEDURES
from huying.ledger.record import Intake, open_case, open_cases, record
from huying.ledger.said import Requester, Upload
from huying.ledger.vocabulary import FIELD_TYPES, Field
from tests.cast import MORNING, act, call, who
from tests.conftest import DEMO
from tests.saying import Speaker

pytestmark = pytest.mark.django_db
WRITTEN: tuple[type[models.Model], ...] = (Case, Entry, Document, Identity, Listed, Outbox)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> Path:
    settings.HUYING_HOME = tmp_path
    return tmp_path


@contextmanager
def nothing_written() -> Iterator[None]:
    """No row and no file more or less afterwards."""
    before = [model._default_manager.count() for model in WRITTEN]
    yield
    assert [model._default_manager.count() for model in WRITTEN] == before
    assert list(attachments.folder().glob("??/*")) == []


def refusal(said_: Mapping[str, object], procedure: str = "request", act_: str = "open") -> str:
    """The Chinese sentence with which a call is refused."""
    with nothing_written(), pytest.raises(BadInput) as refused:
        open_case(Intake(procedure, said_, act_), who("hotline.1"))
    return sentence(refused.value)


# --- the named ones, each with its sentence


@pytest.mark.parametrize(
    ("said_", "words"),
    [
        ({"about": "nowhere"}, "没有“nowhere”这个单位。可用 `huying city units` 查询。"),
        ({"category": "nothing"}, "没有“nothing”这个分类。可用 `huying city categories` 查询。"),
        ({"area": "nowhere"}, "没有“nowhere”这个辖区。可用 `huying city areas` 查询。"),
        ({"colour": "red"}, "“登记”没有“colour”这个字段。可填的字段："),
        ({"type": "wish"}, "诉求类型：“wish”不能用。应当填："),
        ({"source_due": "2026-02-30"}, "来源平台时限：“2026-02-30”不是有效日期。"),
        ({"source_due": "9999-12-31"}, "请写 1990-01-01 至 2100-12-31 之间实际存在的日期，如 2026-06-15。"),
        ({"source_due": "0001-01-01"}, "来源平台时限：“0001-01-01”不是有效日期。"),
        ({"text": "a\x00b"}, "说明：文字中有不能保存的字符（U+0000）。请按纯文本重新粘贴。"),
        ({"text": "a\ud800b"}, "说明：文字中有不能保存的字符（U+D800）。"),
        ({"text": "字" * 20_001}, "说明：共 20001 字，超过了 20000 字。请精简，或作为附件提交。"),
        ({"text": 7}, "说明：“7”不能用。应当填：文字。"),
        ({"evidence": "a.pdf"}, "应当填：文件。"),
        ({"requester": {"phone": "不记得"}}, "电话：“不记得”不能用。应当填：电话号码，如 13800000000。"),
        ({"point": "95,200"}, "地图位置：“95,200”不能用。"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_mend(said_: dict[str, object], words: str) -> None:
    assert words in refusal(said_)


def test_an_unknown_procedure_or_act_is_named_with_those_there_are() -> None:
    assert refusal({}, "wishes").startswith("没有“wishes”这个规程。可用的规程：")
    assert refusal({}, "request", "wish").startswith("“诉求”没有“wish”这个动作。可用的动作：")
    case = call()
    with nothing_written(), pytest.raises(BadInput) as refused:
        act(case, "solve", "hotline.1")
    assert sentence(refused.value).startswith("“诉求”没有“solve”这个动作。")


@pytest.mark.parametrize("name", ["\x00", "\ud800", "x" * 10_000_000, "", "'; --"])
def test_a_name_that_can_be_none_is_refused_shortly(name: str) -> None:
    for words in (refusal({}, name), refusal({}, "request", name), refusal({name: "x"})):
        assert len(words) < 2_000


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("5", "应当填：日期（2026-06-15）或带单位的时限（5wd、24h、15d）。"),
        ("0wd", "应当填："),
        ("-3d", "应当填："),
        ("5 working days", "应当填："),
        ("99999999wd", "“"),
        ("2026-06-14", "应当填：一个还没到的日期。"),
        ("2101-01-01", "不是有效日期。"),
    ],
)
def test_a_limit_has_a_unit_and_a_date_lies_ahead(limit: str, words: str) -> None:
    case = dispatched()
    with nothing_written(), pytest.raises(BadInput) as refused:
        act(case, "support", "dispatch.1", children=[{"title": "清理", "lead": "parks", "due": limit}])
    assert words in sentence(refused.value)


def dispatched() -> Case:
    case = call()
    act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="城市照明管理规定")
    return case


def test_a_circle_of_parents_is_refused() -> None:
    case = dispatched()
    act(case, "support", "dispatch.1", children=[{"title": "清理", "lead": "parks", "due": "3wd"}])
    child = Case.objects.get(parent=case)
    act(child, "accept", "parks.1")
    act(child, "task", "parks.1", children=[{"title": "修剪", "lead": "parks", "due": "2wd"}])
    below = Case.objects.get(parent=child)
    for parent in (child.number, below.number):
        with nothing_written(), pytest.raises(Refused) as refused:
            act(child, "move", "supervision.1", parent=parent, reason="改挂")
        assert sentence(refused.value).startswith(f"事项 {number.said(parent)} 不能接收本件：会形成循环或层级过深。")
    act(child, "move", "supervision.1", parent=case.number, reason="仍在原处")
    assert list(audit.audit()) == []


@pytest.mark.parametrize("into", ["", "000000000000", "abc", "\x00", 7, None])
def test_a_case_merges_into_no_case_that_is_none(into: object) -> None:
    other = call()
    with nothing_written(), pytest.raises(BadInput):
        act(other, "merge", "hotline.1", into=into)
    with nothing_written(), pytest.raises(Refused):
        act(other, "merge", "hotline.1", into=other.number)


def test_ten_megabytes_are_refused_at_once() -> None:
    began = time.monotonic()
    assert "超过了 20000 字" in refusal({"text": "长" * 10_000_000})
    assert "超过了" in refusal({"text": "路灯", "requester": {"name": "长" * 10_000_000}})
    assert len(refusal({"type": "长" * 10_000_000})) < 500
    assert len(refusal({"evidence": ["x" * 10_000_000]})) < 500
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("items", [["x"], "x", [], {}, [{"lead": "nowhere", "due": "3wd"}], [[]], [{}] * 201, [None]])
def test_parts_that_are_no_parts_are_refused(items: object) -> None:
    case = dispatched()
    with nothing_written(), pytest.raises(BadInput):
        act(case, "support", "dispatch.1", children=items)


# --- where a call came from, and when something happened


@pytest.mark.parametrize("ref", ["a\x00", "\ud800", "r" * 201, "绝密★"])
def test_a_source_reference_that_can_be_none_is_refused(ref: str) -> None:
    for intake in (
        Intake("request", {"text": "路灯"}, source_system="12345", source_ref=ref),
        Intake("request", {"text": "路灯"}, source_system=ref[:100], source_ref="A-1"),
    ):
        with nothing_written(), pytest.raises(BadInput):
            open_case(intake, who("hotline.1"))
        with nothing_written():
            [refused] = open_cases([intake], who("hotline.1"))
            assert isinstance(refused, BadInput)


def test_calls_without_a_source_are_each_a_case_of_their_own() -> None:
    first, second = open_cases([Intake("request", {"text": "路灯"})] * 2, who("hotline.1"))
    assert isinstance(first, Case)
    assert isinstance(second, Case)
    assert list(audit.audit()) == []


SHANGHAI = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    "moment",
    [
        MORNING + timedelta(minutes=6),
        MORNING + timedelta(days=1),
        datetime(1989, 12, 31, 23, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=SHANGHAI),
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-8))),
        datetime(2026, 6, 1, 9),
        date(2026, 6, 1),
        "2026-06-01T09:00:00+08:00",
        0,
    ],
)
def test_something_happened_neither_ahead_nor_long_ago_nor_nowhere(moment: datetime) -> None:
    case = call()
    with nothing_written(), pytest.raises(BadDate) as refused:
        open_case(Intake("request", {"text": "路灯"}), who("hotline.1"), happened_at=moment)
    assert sentence(refused.value).startswith("发生时间：“")
    with nothing_written(), pytest.raises(BadDate):
        record(case, "note", who("hotline.1"), {"text": "补记"}, seen=case.turn, happened_at=moment)


def test_what_happened_earlier_is_kept_to_the_second_in_one_time() -> None:
    moment = datetime(2026, 6, 14, 20, 30, 5, 999, tzinfo=SHANGHAI)
    case = open_case(Intake("request", {"text": "路灯"}), who("hotline.1"), happened_at=moment)
    record(case, "note", who("hotline.1"), {"text": "x"}, seen=1, happened_at=MORNING + timedelta(minutes=4))
    kept = list(Entry.objects.filter(case=case).order_by("seq").values_list("happened_at", flat=True))
    assert kept == [datetime(2026, 6, 14, 12, 30, 5, tzinfo=UTC), MORNING + timedelta(minutes=4)]
    assert list(audit.audit(numbers=frozenset({case.number}))) == []


# --- folders


def test_a_procedure_file_with_a_slip_is_refused_with_its_line_and_the_old_one_rules_on(tmp_path: Path) -> None:
    folder = tmp_path / "procedures"
    shutil.copytree(PROCEDURES, folder)
    request = folder / "request.toml"
    request.write_text(request.read_text("utf-8").replace('to = "triaged"', 'too = "triaged"', 1), "utf-8")
    before = rulebook.procedure("request").digest
    with nothing_written(), pytest.raises(BadProcedures) as refused:
        administration.load_procedures(who("admin.system"), path=folder)
    assert re.search(r"request\.toml:\d+: 没有“too”这个键；", sentence(refused.value))
    assert rulebook.procedure("request").digest == before


def test_a_city_folder_half_written_is_refused_and_the_old_city_rules_on(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    shutil.copytree(DEMO, folder)
    (folder / "people.csv").unlink()
    units = (folder / "units.csv").read_bytes()
    (folder / "units.csv").write_bytes(units[: len(units) // 2])
    before = store.current().version
    with nothing_written(), pytest.raises(BadCity) as refused:
        administration.load_city(folder, who("admin.system"))
    assert "people.csv" in sentence(refused.value)
    assert "units.csv:" in sentence(refused.value)
    assert store.current().version == before


# --- anything at all, anywhere

WORDS = st.text(max_size=40) | st.sampled_from(
    ["\x00", "\ud800", "\u202e", "绝密★", "", " ", "\n", "５", "²", "1e5", "-0", "NaN", "2026-02-29", "5wd", "五日",
     "lighting", "yes", "route", "31.2,121.4", "路" * 200, "128471936505", "__class__", "{0}", "%s", "{field}"]
)  # fmt: skip
PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.binary(max_size=9) | st.dates()
    | st.datetimes() | st.sampled_from([math.nan, math.inf, Upload("a", b"x"), object(), ...])
    | st.integers(1, 9).map(lambda size: -(10 ** (1000 * size)))  # more digits than Python writes out
)  # fmt: skip
FIELDS = ["lead", "title", "due", "name", "phone", "text", "email"]
ANYTHING = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.integers() | st.text(max_size=3), inner, max_size=3)
        | st.tuples(inner, inner)
        | st.builds(Requester, inner, inner)
        | st.builds(Upload, inner, inner)
    ),
    max_leaves=6,
)
RANDOMLY = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@RANDOMLY
@given(value=ANYTHING)
def test_anything_in_any_kind_of_field_is_read_or_refused_in_words(value: object) -> None:
    """What is read is what a ledger may hold: no float, nothing nested, nothing free."""
    for kind in sorted(FIELD_TYPES - {"clock"}):  # read as a choice of the procedure's clocks
        field = Field("x", kind, {"zh-Hans": "某项", "en": "x"}, of={"yes": {"zh-Hans": "是", "en": "yes"}})
        try:
            found = said._read_one(field, value, store.current())
        except (BadInput, Refused) as refused:
            assert 0 < len(sentence(refused)) < 1_000
            assert len(sentence(refused, "en").encode()) < 3_000
        else:
            assert type(found) in (str, int, bool, tuple, Requester, said.Point, said.Lines, type(None))


OPENERS = ("hotline.1", "office.clerk", "supervision.1", "xihe-liuyuan.1", "admin.system")


@RANDOMLY
@given(value=ANYTHING, chance=st.randoms(use_true_random=False))
def test_anything_said_at_an_opening_opens_a_true_case_or_leaves_nothing(value: object, chance: Random) -> None:
    procedure = chance.choice(sorted(rulebook.everything().values(), key=lambda one: one.name))
    opening = procedure.act("open")
    said_ = speaker(chance).said(procedure, opening)
    if opening.fields:
        said_[chance.choice(opening.fields)] = value
    attempt(lambda: open_case(Intake(procedure.name, said_), who(chance.choice(OPENERS))))


@RANDOMLY
@given(value=ANYTHING, chance=st.randoms(use_true_random=False))
def test_anything_said_in_any_open_act_is_done_truly_or_leaves_nothing(value: object, chance: Random) -> None:
    with transaction.atomic():
        case = chance.choice([call, dispatched, supported])()
        procedure = rulebook.procedure(case.procedure)
        acts = [
            (name, key)
            for key in ("hotline.1", "dispatch.1", "lighting.1", "supervision.1", "callback.1")
            for name, refused in may(
                procedure, case.folded(), who(key), at=MORNING, city=store.current(), around=find.around(case)
            ).items()
            if refused is None and procedure.acts[name].fields
        ]
        name, key = chance.choice(acts)
        declared = procedure.acts[name]
        said_ = {**speaker(chance).said(procedure, declared), chance.choice(declared.fields): value}
        attempt(lambda: act(case, name, key, **{str(field): one for field, one in said_.items()}))
        transaction.set_rollback(True)


def supported() -> Case:
    case = dispatched()
    act(case, "accept", "lighting.1")
    act(case, "support", "lighting.1", children=[{"title": "清理", "lead": "parks", "due": "3wd"}])
    return case


def speaker(chance: Random) -> Speaker:
    """Somebody who says something fit for each field, so that the one strange answer is what counts."""
    people, cases = tuple(store.current().people), tuple(Case.objects.values_list("number", flat=True)[:5])
    return Speaker(chance, MORNING.date(), people, cases, ("answer",), rulebook.everything(), careful=True)


def attempt(step: object) -> None:
    """Do it: what was done audits, and what was refused left nothing; any other end is a fault."""
    assert callable(step)
    before = [model._default_manager.count() for model in WRITTEN]
    stored = set(attachments.folder().glob("??/*"))
    try:
        step()
    except (BadInput, Refused) as refused:
        assert 0 < len(sentence(refused)) < 2_000
        assert [model._default_manager.count() for model in WRITTEN] == before
        assert set(attachments.folder().glob("??/*")) == stored
    else:
        assert [difference.words() for difference in audit.audit()] == []
