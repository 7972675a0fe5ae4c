"""The city on the command line: making a database ready, checking and loading a city folder, looking things up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from huying.city import store
from huying.city.facts import LANGUAGES, Area, City, Person, Post, Unit, Words
from huying.cli import places, terminal
from huying.cli.checking import told
from huying.errors import BadCity, NoCity, UnknownPerson
from huying.ledger import administration, coming
from huying.ledger.now import now
from huying.ledger.vocabulary import people
from huying.ledger.wording import Wording


def initialise(city: Path | None) -> None:
    """Make the database ready: tables, guard, city, procedures, administration. Safe to repeat."""
    Path(settings.HUYING_HOME).mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0, interactive=False)
    if city is None and not store.current_number():
        city = _default()
    found = administration.begin(city) if city else store.current()
    if city and found.version:
        found, _ = administration.load_city(city, administration.administrator(found))
    changed = administration.load_procedures(administration.administrator(found))
    terminal.say("Ready: {city}, city data version {version}.", city=found.name, version=found.version)
    if changed:
        terminal.say("Procedures put in force: {names}.", names="、".join(changed))


def _default() -> Path:
    """The demo city, in demo and test mode only: a real city is never an invented one by mistake."""
    demo = places.demo_city()
    if settings.HUYING_MODE == "production" or demo is None:
        raise NoCity()
    return demo


def check(path: Path) -> None:
    """Name each mistake of a city folder with file and line, as loading it would; no database is touched."""
    try:
        city = administration.read_city(path)
    except BadCity as bad:
        raise told(bad.findings) from bad
    terminal.say(
        "{city}: no mistakes; {units} units, {areas} areas, {categories} categories, {people} people.",
        city=city.name, units=len(city.units), areas=len(city.areas),
        categories=len(city.categories), people=len(city.people),
    )  # fmt: skip


def load(path: Path, key: str | None) -> None:
    """Put a city folder in force, as an entry of the administration case; what is in force already stays."""
    if not store.current_number():
        city, new = administration.begin(path), True
    else:
        here = store.current()
        actor = administration.administrator(here, key=key)
        city, new = administration.load_city(path, actor)
    message = (
        "{city}: version {version} is in force." if new else "{city}: unchanged, version {version} stays in force."
    )
    terminal.say(message, city=city.name, version=city.version)


def load_procedures(path: Path | None, key: str | None) -> None:
    """Put the package's procedures, those of `path` laid over them, in force where they changed."""
    here = store.current()
    actor = administration.administrator(here, key=key)
    changed = administration.load_procedures(actor, shadow=path)
    message = "Procedures put in force: {names}." if changed else "Nothing has changed: every procedure is in force."
    terminal.say(message, names="、".join(changed))


def units(words: str) -> None:
    """Print the units whose code or name holds the words."""
    city = store.current()
    found = {code: unit for code, unit in city.units.items() if _fits(words, code, unit.name)}
    head = [terminal.words("Code"), terminal.words("Name"), terminal.words("Above it"), terminal.words("May lead")]
    yes, no = terminal.words("yes"), terminal.words("no")
    rows = ((code, _in(u.name), _of(city.units, u.parent), yes if u.may_lead else no) for code, u in found.items())
    terminal.table(head, rows)


def areas(words: str) -> None:
    """Print the areas whose code or name holds the words."""
    city = store.current()
    found = {code: area for code, area in city.areas.items() if _fits(words, code, area.name)}
    head = [terminal.words("Code"), terminal.words("Name"), terminal.words("Inside")]
    terminal.table(head, ((code, _in(area.name), _of(city.areas, area.parent)) for code, area in found.items()))


def categories(words: str) -> None:
    """Print the categories whose code or name holds the words, with the unit whose duty each is."""
    city = store.current()
    found = {code: category for code, category in city.categories.items() if _fits(words, code, category.name)}
    head = [terminal.words("Code"), terminal.words("Name"), terminal.words("Duty of"), terminal.words("Limit")]
    terminal.table(head, ((code, _in(found[code].name), *_duty(city, code)) for code in found))


def coming_next(count: int) -> None:
    """Print what recurs in the city, by which rule, and its next occurrences."""
    head = [terminal.words(name) for name in ("Code", "Name", "Does", "When", "Next")]
    found = coming.coming(Wording(store.current(), terminal.language()), most=count)
    terminal.table(head, ((one.code, one.label, one.does, one.when, "；".join(one.next)) for one in found))


def _duty(city: City, category: str) -> tuple[str, str]:
    if not city.categories[category].handled:
        return terminal.words("referred out"), ""
    limit = city.limit("request", "answer", category=category, urgency="")
    return _of(city.units, city.route(category, "") or ""), str(limit or "")


def _fits(words: str, code: str, name: Words) -> bool:
    return all(word in f"{code} {' '.join(name.values())}".casefold() for word in words.casefold().split())


def _in(name: Words) -> str:
    return name.get(terminal.language()) or name[LANGUAGES[0]]


def _of(table: Mapping[str, Unit] | Mapping[str, Area], code: str) -> str:
    found = table.get(code)
    return _in(found.name) if found else ""


def users(words: str) -> None:
    """Print the people of the city's data whose key, name or unit holds the words."""
    city = store.current()
    head = [terminal.words("Key"), terminal.words("Name"), terminal.words("Unit"), terminal.words("Posts")]
    found = [who for who in city.people.values() if _fits(words, f"{who.key} {who.name}", city.units[who.unit].name)]
    terminal.table(head, ((who.key, who.name, _of(city.units, who.unit), _roles(who, city)) for who in found))


def _roles(who: Person, city: City) -> str:
    held = dict.fromkeys(post.role for post in city.posts(who.key, on=_today(city)))
    return "、".join(_in(people(role)) for role in held)


def _today(city: City) -> date:
    return city.calendar.local(now()).date()


def user(key: str) -> None:
    """Print the posts of one person on the city's present day, and for whom they stand in."""
    city = store.current()
    if key not in city.people:
        raise UnknownPerson(person=key)
    who = city.people[key]
    terminal.line(f"{who.name}  {who.key}  {_of(city.units, who.unit)}")
    for text in _posts(who, city):
        terminal.line(f"  {text}")


def _posts(who: Person, city: City) -> Iterator[str]:
    """Each post, then each person they stand in for on the present day, with that person's posts."""
    today = _today(city)
    yield from (_post(post, city) for post in who.posts if post.valid(today))
    for deputy in city.deputies:
        if deputy.deputy == who.key and deputy.since <= today <= deputy.until:
            name = city.people[deputy.person].name
            yield terminal.words("stands in for {name} until {day}:", name=name, day=deputy.until)
            yield from (f"  {_post(post, city)}" for post in city.people[deputy.person].posts if post.valid(today))


def _post(post: Post, city: City) -> str:
    until = terminal.words("until {day}", day=post.until) if post.until else ""
    return "  ".join(filter(None, (_in(people(post.role)), _of(city.units, post.unit), until)))
