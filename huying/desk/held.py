"""Files of a form that wasn't done yet: kept for whoever chose them, so that no mistake costs a second choice.

What is kept was checked and cleaned as every file is; it goes when the act is done, when it is dropped, or after a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from huying.desk.asked import whole
from huying.desk.form import Typed
from huying.desk.models import Held
from huying.errors import HuyingError, SecrecyMark
from huying.ledger import attachments
from huying.ledger.attachments import Kept
from huying.ledger.said import Upload
from huying.ledger.writing import writing

Names = dict[str, tuple[tuple[int, str], ...]]
KEPT = timedelta(days=1)
MOST_BYTES = 80 * 1024 * 1024
"""So much a person may have waiting in all their forms; what is beyond must be chosen again."""


@dataclass(frozen=True)
class Desk:
    """One form of one person: `place` is the name of its draft."""

    who: str
    place: str

    def with_files(self, typed: Typed, dropped: Iterable[str] = ()) -> Typed:
        """What was typed with the files that wait, those before the new ones; the `dropped` ids let go."""
        gone = [pk for pk in map(whole, dropped) if pk is not None]
        if gone:
            with writing():
                self._rows().filter(pk__in=gone).delete()
        files, rows = dict(typed.files), list(self._rows().order_by("pk"))
        for row in reversed(rows):
            files[row.field] = (Upload(row.name, bytes(row.content)), *files.get(row.field, ()))
        return replace(typed, files=files, held=_named((row.pk, row.field, row.name) for row in rows))

    def names(self) -> Names:
        """The id and name of each file that waits, by field."""
        return _named(self._rows().order_by("pk").values_list("pk", "field", "name"))

    def keep(self, typed: Typed, new: Typed, *, marked: bool = False) -> Typed:
        """Keep the `new` files of a form that wasn't done; one that can't be kept must be chosen again.

        Where a mark of state secrecy was seen, in a field (`marked`) or in one of the files, none is kept.
        """
        try:
            checked = [] if marked else list(_checked(new))
        except SecrecyMark:
            marked = True
        if marked:
            self.let_go()
            return replace(typed, held={})
        if checked:
            self._store(checked)
        return replace(typed, held=self.names())

    def let_go(self) -> None:
        """The act was done: nothing of its form waits any more. Most forms have no files, and cost no writer's lock."""
        if self._rows().exists():
            with writing():
                self._rows().delete()

    def _store(self, checked: Iterable[tuple[str, Kept]]) -> None:
        """Keep those files for which there is room."""
        with writing():
            room = MOST_BYTES - sum(Held.objects.filter(who=self.who).values_list("size", flat=True))
            for field, file in checked:
                if file.size <= room:
                    room -= file.size
                    Held.objects.create(
                        who=self.who, place=self.place, field=field, name=file.name, content=file.content,
                        size=file.size, at=timezone.now(),
                    )  # fmt: skip

    def _rows(self) -> QuerySet[Held]:
        return Held.objects.filter(who=self.who, place=self.place, at__gte=timezone.now() - KEPT)


def _checked(typed: Typed) -> Iterator[tuple[str, Kept]]:
    """The files that could be kept, cleaned, each with its field. Raises SecrecyMark."""
    for field, uploads in typed.files.items():
        for upload in uploads:
            try:
                yield field, attachments.check(upload)
            except SecrecyMark:
                raise
            except HuyingError:
                continue


def _named(rows: Iterable[tuple[int, str, str]]) -> Names:
    found: Names = {}
    for pk, field, name in rows:
        found[field] = (*found.get(field, ()), (pk, name))
    return found


def sweep() -> int:
    """Delete what has waited for longer than a day; how many files."""
    old = Held.objects.filter(at__lt=timezone.now() - KEPT)
    if not old.exists():  # asked every few seconds: a question needs no writer's lock
        return 0
    with writing():
        return old.delete()[0]
