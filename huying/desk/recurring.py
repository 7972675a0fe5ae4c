"""What recurs in the city and when it comes next: reports, look-backs, quiet duties. For everybody who works here."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from huying.desk.page import show
from huying.desk.visitor import Visitor, signed_in
from huying.ledger.coming import coming

SHOWN = 3


@require_safe
@signed_in
def recurring(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Each recurrence with its next occurrences."""
    return show(request, visitor, "desk/recurring.html", {"rows": coming(visitor.wording, most=SHOWN)})
