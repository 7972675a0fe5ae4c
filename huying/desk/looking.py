"""Opening what is sealed, with a reason and an entry; and the download of files through the check of rights."""

from __future__ import annotations

import time

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST, require_safe

from huying.desk.page import show
from huying.desk.visitor import Visitor, signed_in
from huying.errors import UnknownCase
from huying.ledger import files, find, identity, number
from huying.ledger.actor import accused, may_unseal
from huying.ledger.models import Case, Document

LOOKED = "looked"
OPEN_SECONDS = 15 * 60


@require_POST
@signed_in
def look(request: HttpRequest, visitor: Visitor, number: str) -> HttpResponse:
    """Show who called and the sealed words, for a quarter of an hour; the entry is written before anything is shown."""
    case = find.one(number, visitor.actor)
    if not sure(visitor):
        return HttpResponseRedirect(f"/desk/me/second?next=/desk/case/{case.number}")
    reason = request.POST.get("reason", "").strip()
    unsealed = identity.look(case, visitor.actor, reason)
    request.session[LOOKED] = {**_looked(request), case.number: int(time.time()) + OPEN_SECONDS}
    known = {
        "case": case, "spoken": spoken(case), "who": unsealed.requester, "reason": reason, "seconds": OPEN_SECONDS,
        "texts": [one for one in unsealed.originals if not one.blob],
        "files": [one for one in unsealed.originals if one.blob],
    }  # fmt: skip
    return show(request, visitor, "desk/unsealed.html", known)


def sure(visitor: Visitor) -> bool:
    """Whether the second factor was shown in this session; the demo's invented people have none."""
    return visitor.sure or settings.HUYING_MODE == "demo"


def spoken(case: Case) -> str:
    """The case's number in groups."""
    return number.said(case.number)


def _looked(request: HttpRequest) -> dict[str, int]:
    """The cases whose seal this session has opened, each with the second at which it closes again."""
    return {name: until for name, until in request.session.get(LOOKED, {}).items() if until > time.time()}


@require_safe
@signed_in
def file(request: HttpRequest, visitor: Visitor, number: str, key: str) -> HttpResponse | FileResponse:
    """A file as a download, never as a page. A sealed one only for whoever has just looked."""
    case = find.one(number, visitor.actor)
    found = files.one(case, key)
    if found is None or not _may_read(request, visitor, case, found):
        raise UnknownCase(number=key[:40])
    answer = FileResponse(files.place(found).open("rb"), as_attachment=True, filename=found.name)
    answer["Content-Type"] = found.media
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _may_read(request: HttpRequest, visitor: Visitor, case: Case, found: Document) -> bool:
    state = case.folded()
    if accused(visitor.actor, state, visitor.city):
        return False
    return not found.sealed or (case.number in _looked(request) and may_unseal(visitor.actor, state, visitor.city))
