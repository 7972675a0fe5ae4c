"""Reading what was said against an act's declared fields: the same check for every way in. Pure.

Words stay words here (`record` turns them into documents); everything else becomes an id, code, date,
boolean or whole number, so that nothing free ever reaches the ledger.
"""

from __future__ import annotations

import re
import reprlib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from huying.city.calendar import Limit
from huying.city.facts import City
from huying.errors import (
    BadDate,
    BadLimit,
    BadText,
    BadValue,
    MissingField,
    SecrecyMark,
    TooLong,
    UnknownField,
    UnknownPerson,
)
from huying.ledger import number
from huying.ledger.clock import end_of
from huying.ledger.fold import stamp
from huying.ledger.vocabulary import Act, Field, Procedure, listed, named

LONGEST_TEXT = 20_000
SECRECY_OFFICE = "secrecy_office"
"""The text of the city's data that says whom to call where a mark of state secrecy was seen."""
MOST_CHILDREN = 200
MOST_LINES = 50
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)
MOST_FILES = 20
SHOWN = 40
# 机密★10年 and its kind anywhere; the bare word where a document has it, alone on one of its first lines.
_LEVEL = r"(?:[绝絕]\s*密|[机機]\s*密|[秘祕]\s*密)"
_TERM = r"(?:\d+|[一二三四五六七八九十]+)\s*(?:年|个月|月)|长期|長期"
_MARK = re.compile(rf"{_LEVEL}\s*(?:[★☆⭐✩✭✮✯✰⋆🌟]|[*]\s*(?:{_TERM}|$))", re.MULTILINE)
_HEADING = re.compile(rf"\W*(?:密\s*级\W*)?{_LEVEL}\W*(?:{_TERM})?\W*")
_HEAD_LINES = 6
_MAYBE = re.compile("密")
# The number before a line of a list: 1. 2、 （三） 四、
_NUMBERED = re.compile(r"^\s*(?:[（(]?[\d一二三四五六七八九十]{1,3}[）)]|[\d一二三四五六七八九十]{1,3}[.．、])\s*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Requester:
    """Who called, as they gave it; every part is optional and an anonymous caller gives none."""

    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""

    @property
    def digits(self) -> str:
        """The phone's digits without the country code: what the keyed hash is taken over."""
        return re.sub(r"\D", "", self.phone).removeprefix("0086").removeprefix("86")


class Lines(str):
    """Several short texts, one a line: kept as one document, while their number stands in the ledger."""

    @property
    def many(self) -> int:
        """How many there are."""
        return len(self.splitlines())


@dataclass(frozen=True)
class Point:
    """A place on the ground in WGS-84: degrees as exact decimals."""

    lat: Decimal
    long: Decimal

    @property
    def spot(self) -> str:
        """The point coarsened to 0.001° (about 100 m), as a code that tells no house: `31.234,121.475`."""
        step = Decimal("0.001")
        return f"{self.lat.quantize(step)},{self.long.quantize(step)}"

    def __str__(self) -> str:
        return f"{self.lat},{self.long}"


@dataclass(frozen=True)
class Upload:
    """A file as it came in: its name and its bytes. Typed by content later, never by its name."""

    name: str
    content: bytes

    @property
    def fits(self) -> bool:
        """Whether it has the types it says: an intake may be careless."""
        return isinstance(self.name, str) and isinstance(self.content, bytes)


Value = str | int | bool | Requester | Point | tuple[Upload, ...] | tuple[Mapping[str, object], ...]
Said = dict[str, Value]


def read(procedure: Procedure, act: Act, said: Mapping[str, object], city: City) -> Said:
    """What was said, checked and normalised; empty answers are left out.

    Raises UnknownField, MissingField, BadValue, BadDate, BadText, TooLong, SecrecyMark or Unknown…, each
    of which names the field by its label.
    """
    for name in said:
        if name not in act.fields:
            labels = {field: procedure.fields[field].label for field in act.fields}
            raise UnknownField(act=act.label, field=str(name)[:40], fields=named(labels) if labels else "—")
    try:
        return _read_all(procedure, act, said, city)
    except SecrecyMark as mark:
        raise mark.calling(city.texts.get(SECRECY_OFFICE)) from None


def _read_all(procedure: Procedure, act: Act, said: Mapping[str, object], city: City) -> Said:
    read_values: Said = {}
    for name in act.fields:
        value = _read_one(procedure.fields[name], said.get(name), city)
        if value is not None:
            read_values[name] = value
        elif name in act.needs:
            raise MissingField(act=act.label, field=procedure.fields[name].label)
    return read_values


def _read_one(field: Field, value: object, city: City) -> Value | None:
    """One answer, or None where nothing was said."""
    if value in (None, "", ()):
        return None
    found = _READERS[field.type](field, value, city)
    return None if found == Requester() else found


def text(value: object, label: object) -> str:
    """A text that can be kept: no control characters or lone surrogates, not too long, no mark of secrecy."""
    if not isinstance(value, str):
        raise BadValue(field=label, value=shown(value), expected=_TEXT)
    if len(value) > LONGEST_TEXT:
        raise TooLong(field=label, length=len(value), most=LONGEST_TEXT)
    control = _CONTROL.search(value)
    if control:
        raise BadText(field=label, what=f"U+{ord(control[0]):04X}")
    surrogate = next((c for c in value if 0xD800 <= ord(c) <= 0xDFFF), None)
    if surrogate:
        raise BadText(field=label, what=f"U+{ord(surrogate):04X}")
    if marked(value):
        raise SecrecyMark(field=label)
    return value.strip()


def shown(value: object) -> str:
    """A value as a refusal shows it again: short, whatever it is."""
    try:
        return (value if isinstance(value, str) else reprlib.repr(value))[:SHOWN]
    except Exception:  # a number of more digits than are written out; an object that can't show itself
        return type(value).__name__


def _line(value: object) -> str:
    """What was said as one word, number or day; nothing for what is none of them."""
    if isinstance(value, (str, date)):
        return str(value).strip()
    if isinstance(value, (int, float)) and -(10**15) < value < 10**15:
        return str(value)
    return str(value) if isinstance(value, Decimal) else ""


def marked(text: str) -> bool:
    """Whether a text carries a mark of state secrecy, also one with gaps, in full width or with hidden characters."""
    plain = unicodedata.normalize("NFKC", text)
    if not _MAYBE.search(plain):
        return False
    plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    head = [line for line in plain.splitlines() if line.strip()][:_HEAD_LINES]
    return bool(_MARK.search(plain)) or any(_HEADING.fullmatch(line) for line in head)


def _text(field: Field, value: object, city: City) -> str:
    kept = text(value, field.label)
    if not kept:
        raise BadValue(field=field.label, value="", expected=_TEXT)
    return kept


def _list(field: Field, value: object, city: City) -> Lines:
    """Its lines without the numbers before them; empty ones are left out."""
    whole = "\n".join(map(_line, value)) if isinstance(value, (list, tuple)) else value
    lines = (_NUMBERED.sub("", line).strip() for line in _text(field, whole, city).splitlines())
    kept = Lines("\n".join(line for line in lines if line))
    if not 1 <= kept.many <= MOST_LINES:
        raise BadValue(field=field.label, value=kept.many, expected=f"1–{MOST_LINES}")
    return kept


def _file(field: Field, value: object, city: City) -> tuple[Upload, ...]:
    items = value if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else (value,)
    if not all(isinstance(item, Upload) and item.fits for item in items):
        raise BadValue(field=field.label, value=shown(value), expected=_FILE)
    if len(items) > MOST_FILES:
        raise BadValue(field=field.label, value=len(items), expected=f"≤ {MOST_FILES}")
    return tuple(item for item in items if isinstance(item, Upload))


def _word(field: Field, value: object) -> str:
    """A short code: a plain line without control characters."""
    code = text(value, field.label)
    if len(code) > 200 or "\n" in code or not code:
        raise BadValue(field=field.label, value=code[:40], expected=_CODE)
    return code


def _choice(field: Field, value: object, city: City) -> str:
    """One of the declared values, by code or name; one whose name is itself a mark of secrecy is refused as such."""
    code = _word(field, value)
    by_words = {words: name for name, labels in field.of.items() for words in labels.values()}
    code = by_words.get(code, code)
    if code in field.of:
        if any(map(marked, field.of[code].values())):
            raise SecrecyMark(field=field.label)
        return code
    raise BadValue(field=field.label, value=code, expected=listed(field.of.values(), "；"))


def day(value: object, label: object) -> date:
    """A date that exists, between 1990 and 2100. Raises BadDate."""
    if isinstance(value, date):
        found = value.date() if isinstance(value, datetime) else value
    else:
        try:
            found = date.fromisoformat(_line(value))
        except ValueError:
            found = date.min
    if not FIRST_DAY <= found <= LAST_DAY:
        raise BadDate(field=label, value=shown(value), first=FIRST_DAY, last=LAST_DAY)
    return found


def _moment(field: Field, value: object, city: City) -> str:
    """An instant, in the city's time where no zone is said; of a bare day, its end."""
    if isinstance(value, datetime):
        found = value
    elif isinstance(value, date) or re.fullmatch(r"\d{4}-\d{2}-\d{2}", _line(value)):
        return stamp(end_of(day(value, field.label), city.calendar))
    else:
        try:
            found = datetime.fromisoformat(_line(value))
        except ValueError:
            raise BadDate(field=field.label, value=shown(value), first=FIRST_DAY, last=LAST_DAY) from None
    day(found.date(), field.label)
    return stamp(found if found.tzinfo else found.replace(tzinfo=city.calendar.tz))


def _date(field: Field, value: object, city: City) -> str:
    return day(value, field.label).isoformat()


def _limit(field: Field, value: object, city: City) -> str:
    return str(Limit.parse(_word(field, value)))


def _due(field: Field, value: object, city: City) -> str:
    """A date, or a limit with its unit."""
    if isinstance(value, str) and not re.match(r"\d{3,}-", value.strip()):
        try:
            return _limit(field, value, city)
        except BadLimit:
            raise BadValue(field=field.label, value=value[:40], expected=_DUE) from None
    return _date(field, value, city)


def _number(field: Field, value: object, city: City) -> int:
    try:
        found = value if type(value) is int else int(_line(value))
    except ValueError:
        raise BadValue(field=field.label, value=shown(value), expected=_NUMBER) from None
    if abs(found) > 10**12:
        raise BadValue(field=field.label, value=shown(value), expected=_NUMBER)
    return found


def _yes(field: Field, value: object, city: City) -> bool:
    words = {"yes": True, "true": True, "是": True, "no": False, "false": False, "否": False}
    found = value if isinstance(value, bool) else words.get(_line(value).lower())
    if found is None:
        raise BadValue(field=field.label, value=shown(value), expected=_YES)
    return found


def _unit(field: Field, value: object, city: City) -> str:
    return city.unit(_word(field, value)).code


def _area(field: Field, value: object, city: City) -> str:
    return city.area(_word(field, value)).code


def _category(field: Field, value: object, city: City) -> str:
    return city.category(_word(field, value)).code


def _person(field: Field, value: object, city: City) -> str:
    key = _word(field, value)
    if key not in city.people:
        raise UnknownPerson(person=key)
    return key


def _case(field: Field, value: object, city: City) -> str:
    return number.read(_word(field, value))


def _children(field: Field, value: object, city: City) -> tuple[Mapping[str, object], ...]:
    listed = isinstance(value, Sequence) and not isinstance(value, str)
    if not listed or not all(isinstance(item, Mapping) for item in value):  # type: ignore[attr-defined]
        raise BadValue(field=field.label, value=shown(value), expected=_CHILDREN)
    assert isinstance(value, Sequence)
    if not 1 <= len(value) <= MOST_CHILDREN:
        raise BadValue(field=field.label, value=len(value), expected=f"1–{MOST_CHILDREN}")
    return tuple(value)


def _requester(field: Field, value: object, city: City) -> Requester:
    """Name, phone, e-mail and address, each checked as text; the phone must be one."""
    if isinstance(value, Requester):
        value = vars(value)
    if not isinstance(value, Mapping) or set(value) - set(_PARTS):
        expected = named({name: label for name, (label, _) in _PARTS.items()})
        raise BadValue(field=field.label, value=shown(value), expected=expected)
    found = Requester(**{name: text(part, _PARTS[name][0]) for name, part in value.items() if part is not None})
    if found.phone and not re.fullmatch(r"\+?[\d\s()\-]{5,24}", found.phone):
        raise BadValue(field=_PARTS["phone"][0], value=found.phone[:40], expected=_PHONE)
    for name, (label, most) in _PARTS.items():
        if len(getattr(found, name)) > most:
            raise TooLong(field=label, length=len(getattr(found, name)), most=most)
    return found


def _point(field: Field, value: object, city: City) -> Point:
    """Latitude and longitude, as `31.23456,121.47` or as a table with lat and long."""
    pair: Sequence[object] = (
        _line(value).split(",") if not isinstance(value, Mapping) else [value.get("lat"), value.get("long")]
    )
    try:
        lat, long = (Decimal(_line(part)).quantize(_DEGREE) for part in pair)
    except (InvalidOperation, ValueError) as wrong:
        raise BadValue(field=field.label, value=shown(value), expected=_POINT) from wrong
    if not (lat.is_finite() and long.is_finite() and abs(lat) <= 90 and abs(long) <= 180):
        raise BadValue(field=field.label, value=shown(value), expected=_POINT)
    return Point(lat, long)


def _name_of(field: Field, value: object, city: City) -> str:
    """A code of the city's data, such as that of a recurrence."""
    code = _word(field, value)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", code):
        raise BadValue(field=field.label, value=code[:40], expected=_CODE)
    return code


_READERS: dict[str, Callable[[Field, object, City], Value]] = {
    "text": _text, "list": _list, "file": _file, "choice": _choice, "date": _date, "moment": _moment, "limit": _limit,
    "due": _due, "number": _number, "yes": _yes, "unit": _unit, "person": _person, "area": _area,
    "category": _category, "case": _case, "children": _children, "requester": _requester, "point": _point,
    "code": _name_of,
}  # fmt: skip
_PARTS: dict[str, tuple[Mapping[str, str], int]] = {
    "name": ({"zh-Hans": "姓名", "en": "name"}, 100),
    "phone": ({"zh-Hans": "电话", "en": "phone"}, 32),
    "email": ({"zh-Hans": "邮箱", "en": "e-mail"}, 254),
    "address": ({"zh-Hans": "联系地址", "en": "address"}, 300),
}
_PHONE = {"zh-Hans": "电话号码，如 13800000000", "en": "a phone number such as 13800000000"}
_DEGREE = Decimal("0.000001")
_POINT = {
    "zh-Hans": "纬度,经度（WGS-84），如 31.234560,121.475000",
    "en": "latitude,longitude (WGS-84) such as 31.234560,121.475000",
}
_TEXT = {"zh-Hans": "文字", "en": "a text"}
_FILE = {"zh-Hans": "文件", "en": "files"}
_CODE = {"zh-Hans": "一个代码或名称", "en": "one code or name"}
_NUMBER = {"zh-Hans": "整数", "en": "a whole number"}
_YES = {"zh-Hans": "是或否", "en": "yes or no"}
_DUE = {
    "zh-Hans": "日期（2026-06-15）或带单位的时限（5wd、24h、15d）",
    "en": "a date (2026-06-15) or a limit with its unit (5wd, 24h, 15d)",
}
_CHILDREN = {"zh-Hans": "分派清单：每项一组字段", "en": "a list with one table of fields per item"}
