"""Files of a form that wasn't done yet: kept for whoever chose them, so that no mistake costs a second choice.

What is kept was checked and cleaned as every file is; it goes when the act is done, when it is dropped, or after a day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from huying.desk.asked import whole
from huying.desk.form import Typed
from huying.desk.models import Held
from huying.errors import HuyingError, SecrecyMark
from huying.ledger import attachments
from huying.ledger.said import Upload
from huying.ledger.writing import writing

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
            self._rows().filter(pk__in=gone).delete()
        files = dict(typed.files)
        for row in self._rows().order_by("-pk"):
            files[row.field] = (Upload(row.name, bytes(row.content)), *files.get(row.field, ()))
        return replace(typed, files=files, held=self.names())

    def names(self) -> dict[str, tuple[tuple[int, str], ...]]:
        """The id and name of each file that waits, by field."""
        found: dict[str, tuple[tuple[int, str], ...]] = {}
        for pk, field, name in self._rows().order_by("pk").values_list("pk", "field", "name"):
            found[field] = (*found.get(field, ()), (pk, name))
        return found

    def keep(self, typed: Typed, new: Typed, *, marked: bool = False) -> Typed:
        """Keep the `new` files of a form that wasn't done; one that can't be kept must be chosen again.

        Where a mark of state secrecy was seen, in a field (`marked`) or in one of the files, none is kept.
        """
        if marked or any(_carries_mark(upload) for uploads in new.files.values() for upload in uploads):
            self.let_go()
            return replace(typed, held={})
        with writing():
            room = MOST_BYTES - sum(Held.objects.filter(who=self.who).values_list("size", flat=True))
            for field, uploads in new.files.items():
                for upload in uploads:
                    room -= self._kept(field, upload, room)
        return replace(typed, held=self.names())

    def let_go(self) -> None:
        """The act was done: nothing of its form waits any more."""
        self._rows().delete()

    def _kept(self, field: str, upload: Upload, room: int) -> int:
        """How many bytes of a file were kept."""
        try:
            file = attachments.check(upload)
        except HuyingError:
            return 0
        if file.size > room:
            return 0
        Held.objects.create(
            who=self.who, place=self.place, field=field, name=file.name, content=file.content, size=file.size,
            at=timezone.now(),
        )  # fmt: skip
        return file.size

    def _rows(self) -> QuerySet[Held]:
        return Held.objects.filter(who=self.who, place=self.place, at__gte=timezone.now() - KEPT)


def _carries_mark(upload: Upload) -> bool:
    try:
        attachments.check(upload)
    except SecrecyMark:
        return True
    except HuyingError:
        return False
    return False


def sweep() -> int:
    """Delete what has waited for longer than a day; how many files."""
    old = Held.objects.filter(at__lt=timezone.now() - KEPT)
    return old.delete()[0] if old.exists() else 0
