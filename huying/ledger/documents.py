"""Words and files outside the ledger: salted digests in the entries, contents here, erasable.

The salt has 128 random bits, lives with the document and dies with it, so a digest that stays in the
ledger tells nothing about words that were forgotten (promise 12).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from huying.ledger import attachments, search
from huying.ledger.models import Case, Document, Identity
from huying.ledger.writing import insert

FORGET = "forget"
"""The act with which everything that a case knows about people is erased."""
REFERENCE = re.compile(r"^[0-9a-f]{32}:[0-9a-f]{64}$")


def digest(salt: str, content: bytes) -> str:
    """SHA-256 over the salt and the content, in hex."""
    return hashlib.sha256(bytes.fromhex(salt) + content).hexdigest()


def reference(document: Document) -> str:
    """What the ledger holds of a document: `key:digest`."""
    return f"{document.key}:{document.digest}"


def references(said: Mapping[str, object]) -> Iterator[str]:
    """The documents that an entry names, as `key:digest`."""
    for value in said.values():
        yield from (part for part in value.split("\n") if REFERENCE.match(part)) if isinstance(value, str) else ()


def new_text(field: str, text: str, *, sealed: bool, at: datetime) -> Document:
    """A text as an unsaved document, with salt and digest."""
    salt = secrets.token_hex(16)
    return Document(
        key=secrets.token_hex(16), field=field, sealed=sealed, salt=salt, at=at,
        body=text, media="text/plain", size=len(text), digest=digest(salt, text.encode()),
    )  # fmt: skip


def new_file(field: str, kept: attachments.Kept, *, sealed: bool, at: datetime) -> Document:
    """A checked file as an unsaved document; `attachments.store` brings its content to the disk before the entry."""
    salt = secrets.token_hex(16)
    return Document(
        key=secrets.token_hex(16), field=field, sealed=sealed, salt=salt, at=at,
        blob=kept.blob, name=kept.name, media=kept.media, size=kept.size,
        digest=digest(salt, _file(kept.name, kept.media, kept.size, kept.blob)),
    )  # fmt: skip


def save(documents: Sequence[tuple[Case, Document]]) -> None:
    """Write documents, each of its case, and index the handling copies among them, in the caller's transaction."""
    for case, row in documents:
        row.case = case
    rows = [row for _, row in documents]
    insert(rows)
    search.index_each([(row.case_id, row) for row in rows if row.field in search.INDEXED and not row.sealed])


def seal(case: Case, keys: Iterable[str]) -> None:
    """Seal documents of a case that were readable until now, and take them out of the index."""
    rows = Document.objects.filter(case=case, key__in=list(keys), sealed=False)
    found = list(rows.values_list("pk", flat=True))
    rows.update(sealed=True)
    search.forget(found)


def erase(case: Case, *, at: datetime) -> None:
    """Erase every text and file of a case, its place in the index, and the key by which the caller's number is found.

    In the transaction of the entry that says so. The content of the files goes with `attachments.release`.
    """
    rows = Document.objects.filter(case=case, erased=None)
    search.forget(list(rows.filter(field__in=search.INDEXED, sealed=False).values_list("pk", flat=True)))
    rows.update(erased=at, body="", blob="", salt="", name="", size=0)
    Identity.objects.filter(case=case).delete()


def blobs(cases: Iterable[Case]) -> set[str]:
    """The hashes of the files of these cases."""
    rows = Document.objects.filter(case__in=list(cases), erased=None).exclude(blob="")
    return set(rows.values_list("blob", flat=True))


def of(case: Case, field: str) -> str:
    """The newest readable text of a field, or nothing: sealed originals are read through `identity.look`."""
    found = Document.objects.filter(case=case, field=field, sealed=False, erased=None).order_by("-id").first()
    return found.body if found else ""


def keys(case: Case, field: str) -> list[str]:
    """The keys of the documents of a field, oldest first; sealed ones too, for what reads them never shows them."""
    return list(Document.objects.filter(case=case, field=field).order_by("pk").values_list("key", flat=True))


def body(key: str) -> str:
    """The words of a document, for what works on them and shows them to nobody; nothing once it was erased."""
    found = Document.objects.filter(key=key, erased=None).first()
    return found.body if found else ""


def readable(case: Case) -> list[Document]:
    """Every document of a case that isn't sealed or erased."""
    return list(Document.objects.filter(case=case, sealed=False, erased=None))


def intact(document: Document) -> bool:
    """Whether a document still has the digest that the ledger holds; an erased one can't be asked.

    A file's digest is over its name, type, size and hash; whether its content has that hash, `on_disk` tells.
    """
    if document.erased is not None:
        return True
    if not document.blob:
        same = document.size == len(document.body)
        return same and document.digest == digest(document.salt, document.body.encode())
    content = _file(document.name, document.media, document.size, document.blob)
    return document.digest == digest(document.salt, content)


def on_disk(document: Document) -> bool:
    """Whether a file is there with the content it had."""
    return attachments.intact(document.blob)


def _file(name: str, media: str, size: int, blob: str) -> bytes:
    return f"{name}\0{media}\0{size}\0{blob}".encode()
