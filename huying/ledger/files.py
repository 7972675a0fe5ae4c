"""The files of a case for its readers: which there are, and the way to the content of one."""

from __future__ import annotations

from pathlib import Path

from huying.ledger import attachments
from huying.ledger.models import Case, Document


def of(case: Case) -> list[Document]:
    """The files that every reader of the case may open, oldest first; sealed ones are opened through a look."""
    return list(Document.objects.filter(case=case, sealed=False, erased=None).exclude(blob="").order_by("pk"))


def one(case: Case, key: str) -> Document | None:
    """A file of the case, sealed or not; None for a key that isn't one, or is erased."""
    return Document.objects.filter(case=case, key=key, erased=None).exclude(blob="").first()


def place(document: Document) -> Path:
    """Where its content lies."""
    return attachments.path_of(document.blob)
