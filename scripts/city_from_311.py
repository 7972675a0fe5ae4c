"""Make a city folder from a 311 export: `python scripts/city_from_311.py EXPORT --name boston`.

Units come from departments and queues, categories from subject, reason and type, areas from neighbourhoods,
limits from the median time that the export itself allowed. Desks and their people are invented. The folder is
made in HUYING_HOME, whole or not at all; `huying city load` puts it in force.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import re
import shutil
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import IO

from huying.city import folder
from huying.city.facts import Words
from huying.city.tables import COLUMNS
from huying.errors import BadCity, sentence

WANTED = ("open_dt", "target_dt", "subject", "reason", "type", "queue", "department", "neighborhood")
DESKS = (
    ("intake", "热线受理中心", "Call centre", ("intake",) * 3),
    ("dispatch", "派单中心", "Dispatch desk", ("dispatcher",) * 2),
    ("callback", "回访中心", "Call-back desk", ("callback",) * 2),
    ("supervision", "督查室", "Supervision desk", ("supervisor", "supervisor", "duty")),
    ("informatics", "数据管理中心", "Data centre", ("system", "security", "auditor")),
)
LADDER = (
    ("", "", "1wd", "remind", "before"),
    ("", "", "1wd", "urge", "after"),
    ("", "", "3wd", "supervise", "after"),
    ("", "", "5wd", "bulletin", "after"),
    ("", "", "10wd", "escalate", "after"),
    *(("alarm", "", step, "", "after") for step in ("15min", "30min", "1h", "2h")),
)
"""The rungs of the demo city, to begin with: procedure, urgency, how long, what, before or after it was due."""
STAFF = (("1", "handler"), ("2", "handler"), ("reviewer", "reviewer"), ("leader", "leader"))
DANGER = {
    "suicide": "自杀", "on fire": "着火", "explosion": "爆炸", "gas leak": "燃气泄漏", "electric shock": "触电",
    "drowning": "溺水", "trapped": "被困", "unconscious": "昏迷",
}  # fmt: skip
MOST_YEARS = 60
Table = list[Sequence[str]]


class Codes:
    """Short, readable and unique codes for names."""

    def __init__(self, *taken: str) -> None:
        self.taken = set(taken)
        self.codes: dict[tuple[str, ...], str] = {}

    def of(self, *path: str, prefix: str = "", length: int = 60) -> str:
        """The code of a path of names, the same one each time."""
        if path not in self.codes:
            slug = re.sub(r"[^a-z0-9]+", "-", path[-1].lower()).strip("-") or "x"
            base = f"{prefix}{slug}"[:length].rstrip("-.")
            code, number = base, 1
            while code in self.taken:
                number += 1
                code = f"{base}-{number}"
            self.taken.add(code)
            self.codes[path] = code
        return self.codes[path]


class Export:
    """What a 311 export says about its city, counted in one pass; nothing of single calls is kept."""

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        self.types: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
        self.queues: dict[str, Counter[str]] = defaultdict(Counter)
        self.subjects: dict[str, Counter[str]] = defaultdict(Counter)
        self.hours: dict[tuple[str, str, str], list[float]] = defaultdict(list)
        self.neighbourhoods: Counter[str] = Counter()
        self.years: set[int] = set()
        self.used = self.skipped = 0
        for row in rows:
            self._take({name: " ".join(row[name].replace("\0", " ").split())[:200] for name in WANTED})

    def _take(self, row: Mapping[str, str]) -> None:
        path = (row["subject"], row["reason"], row["type"])
        opened, target = _moment(row["open_dt"]), _moment(row["target_dt"])
        if not all(path) or not row["department"] or opened is None:
            self.skipped += 1
            return
        self.used += 1
        self.types[path][row["department"]] += 1
        self.subjects[row["department"]][row["subject"]] += 1
        self.years.add(opened.year)
        if row["queue"]:
            self.queues[row["department"]][row["queue"]] += 1
        if row["neighborhood"]:
            self.neighbourhoods[row["neighborhood"]] += 1
        if target and target > opened:
            self.hours[path].append((target - opened).total_seconds() / 3600)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=None) if text else None
    except ValueError:
        return None
    return moment if moment and 1970 <= moment.year < 2100 else None


class Unusable(Exception):
    """Why nothing can be made of an export, in words by language."""

    def __init__(self, chinese: str, english: str) -> None:
        self.words: Words = {"zh-Hans": chinese, "en": english}
        super().__init__(english)


def rows_of(path: Path) -> Iterator[Mapping[str, str]]:
    """The rows of an export, plain or gzipped, one after the other. Raises Unusable where it can't be read."""
    row = 1
    try:
        with _text(path) as text:
            reader = csv.DictReader(text, restval=None)
            _columns(reader.fieldnames)
            for row, cells in enumerate(reader, 2):
                if None in cells.values():
                    raise Unusable(
                        f"第 {row} 行少了几格，文件可能没有写完", f"row {row} is cut short; is the file whole?"
                    )
                yield cells
    except UnicodeDecodeError as error:
        raise Unusable(
            f"第 {row} 行之后不是 UTF-8 编码，请另存为 UTF-8", f"it isn't UTF-8 after row {row}; save it as UTF-8"
        ) from error
    except EOFError as error:
        raise Unusable(
            f"压缩文件在第 {row} 行之后中断，请重新下载", f"the gzip file ends early, after row {row}; fetch it again"
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise Unusable(
            f"压缩文件在第 {row} 行之后损坏，请重新下载", f"the gzip file is damaged after row {row}; fetch it again"
        ) from error
    except csv.Error as error:
        raise Unusable(
            f"第 {row} 行之后表格无法读取，请检查引号", f"the table can't be read after row {row}: {error}"
        ) from error
    except OSError as error:
        raise Unusable("文件不存在，或没有读取权限", f"it can't be opened: {error.strerror}") from error


def _text(path: Path) -> IO[str]:
    """An export as text, unpacked where it is gzipped, whatever its name says."""
    if not path.is_file():
        raise Unusable("没有这个文件", "there is no such file")
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    if packed:
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _columns(found: Sequence[str] | None) -> None:
    if not found:
        raise Unusable("文件是空的", "the file is empty")
    missing = ", ".join(name for name in WANTED if name not in found)
    if missing:
        raise Unusable(f"缺少列：{missing}", f"these columns are missing: {missing}")


def tables(export: Export, name: str) -> dict[str, Table]:
    """The tables of the city folder."""
    codes = Codes(name, *(desk[0] for desk in DESKS))
    departments = {department: codes.of(department) for department in sorted(export.subjects)}
    categories, kinds = _categories(export)
    return {
        "units.csv": _units(export, name, departments, codes),
        "areas.csv": _areas(export, name),
        **_people(departments),
        "deputies.csv": [],
        "categories.csv": categories,
        "routing.csv": [(kinds[p], "", departments[_most(c)]) for p, c in sorted(export.types.items())],
        "limits.csv": _limits(export, kinds),
        "ladders.csv": list(LADDER),
        "contacts.csv": [],
    }


def _most(counted: Counter[str]) -> str:
    return min(counted, key=lambda word: (-counted[word], word))


def _units(export: Export, name: str, departments: Mapping[str, str], codes: Codes) -> Table:
    city = name.replace("-", " ").title()
    units: Table = [(name, "", "city", name, name, name, "no", city, city)]
    for desk, chinese, english, _ in DESKS:
        units.append((desk, name, "desk", desk, name, "", "yes", chinese, english))
    for department, code in departments.items():
        spoken = f"{department} ({_most(export.subjects[department])})"
        units.append((code, name, "department", code, code, "", "yes", spoken, spoken))
        for queue in sorted(export.queues[department]):
            division = codes.of(department, queue, prefix=f"{code}.")
            units.append((division, code, "division", code, division, "", "yes", queue, queue))
    return units


def _areas(export: Export, name: str) -> Table:
    city, codes = name.replace("-", " ").title(), Codes(name)
    areas: Table = [(name, "", "city", city, city)]
    return areas + [(codes.of(place), name, "district", place, place) for place in sorted(export.neighbourhoods)]


def _people(departments: Mapping[str, str]) -> dict[str, Table]:
    people: Table = []
    posts: Table = []
    for desk, _, english, roles in DESKS:
        for number, role in enumerate(roles, 1):
            people.append((f"{desk}{number}", f"{english} {number}", desk))
            posts.append((f"{desk}{number}", role, desk, "", ""))
    for department, code in departments.items():
        for key, role in STAFF:
            people.append((f"{code}.{key}", f"{department} {key}", code))
            posts.append((f"{code}.{key}", role, code, "", ""))
    return {"people.csv": people, "posts.csv": posts}


def _categories(export: Export) -> tuple[Table, dict[tuple[str, str, str], str]]:
    """The tree of subject, reason and type, with the code of each type."""
    codes, rows, kinds = Codes(), [], {}
    known: set[str] = set()
    for path in sorted(export.types):
        top = codes.of(path[0], length=16)
        middle = codes.of(*path[:2], prefix=f"{top}.", length=36)
        kinds[path] = codes.of(*path, prefix=f"{middle}.", length=60)
        for code, parent, spoken in ((top, "", path[0]), (middle, top, path[1]), (kinds[path], middle, path[2])):
            if code not in known:
                known.add(code)
                rows.append((code, parent, "yes", "", "none", "coarse", spoken, spoken))
    return list(rows), kinds


def _limits(export: Export, kinds: Mapping[tuple[str, str, str], str]) -> Table:
    limits: Table = [("request", "answer", "", "", "5wd"), ("request", "answer", "", "safety", "2h")]
    for path, hours in sorted(export.hours.items()):
        limits.append(("request", "answer", kinds[path], "", _limit(median(hours))))
        limits.append(("request", "answer", kinds[path], "safety", "2h"))
    return limits


def _limit(hours: float) -> str:
    """Up to two days in hours, then in calendar days; at most a year."""
    return f"{max(round(hours), 1)}h" if hours <= 48 else f"{min(round(hours / 24), 365)}d"


def _files(export: Export, name: str, zone: str) -> dict[str, str]:
    """The files that aren't tables."""
    spoken = json.dumps(name.replace("-", " ").title())
    words = ",\n".join(f'    {{ zh-Hans = "{chinese}", en = "{word}" }}' for word, chinese in DANGER.items())
    head = (
        f'code = "{name}"\nname = {{ zh-Hans = {spoken}, en = {spoken} }}\nzone = "{zone}"\n'
        'calendar = "weekends only, no holiday notice"\ndesk = "intake"\n\n'
        '[office]\nopens = "09:00"\ncloses = "17:00"\n\n'
        '[emergency]\n911 = { zh-Hans = "报警、火警、急救", en = "Police, fire, ambulance" }\n'
    )
    text = (
        '[receipt]\nzh-Hans = "已收到，编号 {number}，{due} 前答复。"\nen = "Received as {number}; answer by {due}."\n'
    )
    notices = {
        f"calendars/{year}.json": json.dumps({"year": year, "papers": [], "days": [], "none": True}) + "\n"
        for year in range(min(export.years), max(export.years) + 3)
    }
    return {
        "city.toml": head,
        "texts.toml": text,
        "danger.toml": f"words = [\n{words},\n]\n",
        "areas.geojson": '{"type": "FeatureCollection", "features": []}\n',
        **notices,
    }


def write(export: Export, target: Path, *, name: str, zone: str) -> None:
    """Write the folder beside its place and move it there when it is whole and reads well. Raises BadCity."""
    draft = target.with_name(f".{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        _draft(export, draft, name, zone)
        folder.read(draft)
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _draft(export: Export, draft: Path, name: str, zone: str) -> None:
    (draft / "calendars").mkdir(parents=True)
    for file, text in _files(export, name, zone).items():
        (draft / file).write_text(text, encoding="utf-8")
    for file, rows in tables(export, name).items():
        with (draft / file).open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened, lineterminator="\n")
            writer.writerow([column.rstrip("?") for column in COLUMNS[file].split()])
            writer.writerows(rows)


def exported(path: Path) -> Export:
    """What an export says about its city. Raises Unusable where that is nothing, or nonsense."""
    export = Export(rows_of(path))
    if not export.used:
        raise Unusable(
            "没有一行可用：每行要有部门、三级分类和 2025-03-01 08:00 这样的时间",
            "no row can be used: each needs department, subject, reason, type and a time such as 2025-03-01 08:00",
        )
    if max(export.years) - min(export.years) > MOST_YEARS:
        raise Unusable("时间跨度超过 60 年，请检查 open_dt", "it spans more than 60 years; look at open_dt")
    return export


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 2 where the export can't be used."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("export", type=Path, help="a CSV file, or the same gzipped")
    parser.add_argument("--home", type=Path, default=os.environ.get("HUYING_HOME"), help="default: HUYING_HOME")
    parser.add_argument("--name", required=True, help="the city's code, such as boston")
    parser.add_argument("--zone", default="America/New_York", help="the city's time zone")
    chosen = parser.parse_args(arguments)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", chosen.name):
        parser.error("--name must be small letters, digits and dashes")
    if chosen.home is None:
        parser.error("--home or HUYING_HOME says where the folder is made")
    language = "en" if os.environ.get("HUYING_LANGUAGE") == "en" else "zh-Hans"
    target = Path(chosen.home) / "cities" / chosen.name
    try:
        export = exported(chosen.export)
        write(export, target, name=chosen.name, zone=chosen.zone)
    except Unusable as error:
        end = "." if language == "en" else "。"
        print(f"{chosen.export}: {error.words[language]}{end}", file=sys.stderr)
        return 2
    except BadCity as error:
        print(sentence(error, language), file=sys.stderr)
        return 2
    print(_counted(export, target, language))
    return 0


def _counted(export: Export, target: Path, language: str) -> str:
    queues = sum(len(queues) for queues in export.queues.values())
    counts = (len(export.subjects), queues, len(export.types), len(export.neighbourhoods), export.used, export.skipped)
    words = {
        "zh-Hans": "{}：{} 个部门、{} 个科室、{} 个类别、{} 个辖区；用了 {} 行，略过 {} 行。",
        "en": "{}: {} departments, {} queues, {} types, {} neighbourhoods; {} rows used, {} left out.",
    }
    return words[language].format(target, *counts)


if __name__ == "__main__":
    sys.exit(main())
