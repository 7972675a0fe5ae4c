"""Make a city folder from a 311 export: `python scripts/city_from_311.py EXPORT --home DIR --name boston`.

Units come from departments and queues, categories from subject, reason and type, areas from neighbourhoods,
limits from the median time that the export itself allowed. Desks and their people are invented.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import re
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from statistics import median

from huying.city import folder
from huying.city.tables import COLUMNS
from huying.errors import BadCity, sentence

WANTED = ("open_dt", "target_dt", "subject", "reason", "type", "queue", "department", "neighborhood")
DESKS = (
    ("intake", "Call centre", ("intake",) * 3),
    ("dispatch", "Dispatch desk", ("dispatcher",) * 2),
    ("callback", "Call-back desk", ("callback",) * 2),
    ("supervision", "Supervision desk", ("supervisor",) * 2),
    ("informatics", "Data centre", ("admin",) * 3),
)
STAFF = (("1", "handler"), ("2", "handler"), ("reviewer", "reviewer"), ("leader", "leader"))
DANGER = ("suicide", "on fire", "explosion", "gas leak", "electric shock", "drowning", "trapped", "unconscious")
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
        for row in rows:
            self._take({name: " ".join((row.get(name) or "").split()) for name in WANTED})

    def _take(self, row: Mapping[str, str]) -> None:
        path = (row["subject"], row["reason"], row["type"])
        opened, target = _moment(row["open_dt"]), _moment(row["target_dt"])
        if not all(path) or not row["department"] or opened is None:
            return
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
        return datetime.fromisoformat(text).replace(tzinfo=None) if text else None
    except ValueError:
        return None


def rows_of(path: Path) -> Iterator[Mapping[str, str]]:
    """The rows of an export, plain or gzipped. Raises ValueError where a column is missing."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    text = raw.decode("utf-8-sig", "replace").replace("\0", "")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in WANTED if name not in (reader.fieldnames or [])]
    if missing:
        raise ValueError(f"the export lacks the columns {', '.join(missing)}")
    yield from reader


def tables(export: Export, name: str) -> dict[str, Table]:
    """The tables of the city folder."""
    codes = Codes(name, *(desk for desk, _, _ in DESKS))
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
        "ladders.csv": [("", "1wd"), ("", "3wd"), ("", "5wd"), ("", "10wd")],
        "contacts.csv": [],
    }


def _most(counted: Counter[str]) -> str:
    return min(counted, key=lambda word: (-counted[word], word))


def _units(export: Export, name: str, departments: Mapping[str, str], codes: Codes) -> Table:
    city = name.replace("-", " ").title()
    units: Table = [(name, "", "city", name, name, name, "no", city, city)]
    for desk, spoken, _ in DESKS:
        units.append((desk, name, "desk", desk, name, "", "yes", spoken, spoken))
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
    for desk, spoken, roles in DESKS:
        for number, role in enumerate(roles, 1):
            people.append((f"{desk}{number}", f"{spoken} {number}", desk))
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
    words = ",\n".join(f'    {{ zh-Hans = "{word}", en = "{word}" }}' for word in DANGER)
    head = (
        f'code = "{name}"\nname = {{ zh-Hans = {spoken}, en = {spoken} }}\nzone = "{zone}"\n'
        'calendar = "weekends only, no holiday notice"\ndesk = "intake"\n\n[office]\nopens = "09:00"\ncloses = "17:00"\n\n'
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
    (draft / "calendars").mkdir(parents=True)
    for file, text in _files(export, name, zone).items():
        (draft / file).write_text(text, encoding="utf-8")
    for file, rows in tables(export, name).items():
        with (draft / file).open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened, lineterminator="\n")
            writer.writerow([column.rstrip("?") for column in COLUMNS[file].split()])
            writer.writerows(rows)
    folder.read(draft)
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 2 where the export can't be used."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("export", type=Path, help="a CSV file, or the same gzipped")
    parser.add_argument("--home", type=Path, required=True, help="HUYING_HOME; the folder is made in its cities/")
    parser.add_argument("--name", required=True, help="the city's code, such as boston")
    parser.add_argument("--zone", default="America/New_York", help="the city's time zone")
    chosen = parser.parse_args(arguments)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", chosen.name):
        parser.error("--name must be small letters, digits and dashes")
    target = chosen.home / "cities" / chosen.name
    try:
        export = Export(rows_of(chosen.export))
        if not export.types:
            raise ValueError("the export holds no usable row")
        write(export, target, name=chosen.name, zone=chosen.zone)
    except (OSError, EOFError, ValueError, csv.Error) as error:
        print(f"{chosen.export}: {error}", file=sys.stderr)
        return 2
    except BadCity as error:
        print(sentence(error, "en"), file=sys.stderr)
        return 2
    queues = sum(len(queues) for queues in export.queues.values())
    counts = f"{len(export.subjects)} departments, {queues} queues, {len(export.types)} types"
    print(f"{target}: {counts}, {len(export.neighbourhoods)} neighbourhoods")
    return 0


if __name__ == "__main__":
    sys.exit(main())
