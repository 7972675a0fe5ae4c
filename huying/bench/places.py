"""Where invented cases happen and who works there: read once from the city in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from huying.bench.words import Topic
from huying.city.facts import City
from huying.ledger.actor import Actor, person


@dataclass(frozen=True)
class Setting:
    """Where a life happens: a category, an area, and the unit whose duty that is."""

    category: str
    area: str
    lead: str
    topic: Topic


class Places:
    """The duties of a city's units and the people who can do them."""

    def __init__(self, city: City) -> None:
        self.city = city
        self._posts: dict[tuple[str, str], list[str]] = {}
        self._desks: dict[str, list[str]] = {}
        for somebody in city.people.values():
            for post in somebody.posts:
                self._posts.setdefault((post.role, post.unit), []).append(somebody.key)
                if city.unit(post.unit).serves == city.root.code:
                    self._desks.setdefault(post.role, []).append(somebody.key)
        self.duties = [duty for duty in self._duties() if self._able(duty[2])]
        self._organs = {city.organ(unit): unit for _, _, unit in self.duties}

    def _duties(self) -> list[tuple[str, str, str]]:
        """Every most specific category in every smallest area, with the unit that is routed to."""
        above = {category.parent for category in self.city.categories.values()}
        around = {area.parent for area in self.city.areas.values()}
        return [
            (category.code, area, self.city.route(category.code, area) or "")
            for category in self.city.categories.values()
            if category.handled and category.code not in above
            for area in self.city.areas
            if area not in around
        ]

    def _able(self, unit: str) -> bool:
        """Whether a unit may lead and has people to do the work and to sign for it."""
        staffed = ("handler", unit) in self._posts and ("reviewer", unit) in self._posts
        return staffed and self.city.unit(unit).may_lead

    def setting(self, chance: Random) -> Setting:
        """Some duty of the city."""
        category, area, lead = chance.choice(self.duties)
        topic = Topic(self.city.category(category).name["zh-Hans"], self.city.area(area).name["zh-Hans"])
        return Setting(category, area, lead, topic)

    def others(self, lead: str, count: int, chance: Random) -> list[str]:
        """Units of other organs than the lead's, each of an organ of its own."""
        mine = self.city.organ(lead)
        return chance.sample(sorted(unit for organ, unit in self._organs.items() if organ != mine), count)

    def category_of(self, lead: str, chance: Random) -> str:
        """A category that is the lead's duty somewhere."""
        return chance.choice([category for category, _, unit in self.duties if unit == lead])

    def holder(self, role: str, unit: str) -> str:
        """The key of the first who holds a role at a unit, or nothing."""
        return next(iter(self._posts.get((role, unit), [])), "")

    def desk(self, role: str, on: date, chance: Random) -> Actor:
        """Somebody who holds a desk's role for the whole city."""
        return person(chance.choice(self._desks[role]), self.city, on)

    def staff(self, role: str, unit: str, on: date, chance: Random) -> Actor:
        """Somebody who holds a role at a unit."""
        return person(chance.choice(self._posts[role, unit]), self.city, on)
