"""One case to whoever has its personal link. A GET changes nothing, ever; acts are posted."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase, HttpResponseRedirect

from huying.city import store
from huying.ledger import attachments, documents, identity, number
from huying.ledger.actor import REQUESTER
from huying.ledger.models import Case
from huying.ledger.now import now
from huying.ledger.telling import Teller
from huying.ledger.told import Telling
from huying.pages.language import spoken
from huying.portal import acts, links
from huying.portal.form import danger_words
from huying.portal.page import show
from huying.portal.promise import end, promise, verification
from huying.portal.receipt import blocks, no_link, sealed_words
from huying.portal.story import files_of, shown, story
from huying.portal.uploads import read

DONE = {
    "solved": "Recorded: you say that it is solved. Thank you for looking.",
    "contest": "Recorded: it goes back to be done again. The first date stays on record.",
    "add": "Added, and passed on to those who handle it.",
    "chase": "Chased: it was counted, and {unit} was told.",
    "withdraw": "Withdrawn. You can have it taken up again here.",
    "reopen": "It is taken up again.",
    "seal": "Your identity is confidential from now on.",
}
WAYS = ("solved", "contest", "add", "chase", "withdraw", "reopen", "seal")
"""What a requester can do, by the names under which the page offers it."""


def follow(request: HttpRequest, word: str) -> HttpResponseBase:
    """The case in plain words, or the act that was posted on it."""
    found = links.find(word)
    if found.case is None:
        return no_link(request, ended=found.ended)
    if request.method in ("GET", "HEAD"):
        chosen = request.GET.get("do", "")
        return _page(request, found.case, word, chosen=chosen if chosen in WAYS else "")
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "POST"])
    sent = read(request)
    tried = acts.do(found.case, sent, acts.bearer(request), spoken(request))
    if tried.done:
        return HttpResponseRedirect(f"/my/{word}?done={tried.way}#top", status=303)
    found.case.refresh_from_db()
    way = tried.way if tried.way in WAYS else ""
    return _page(request, found.case, word, chosen=way, tried=tried, status=tried.status)


def _page(
    request: HttpRequest, case: Case, word: str, *, chosen: str, tried: acts.Tried | None = None, status: int = 200
) -> HttpResponse:
    language = spoken(request)
    teller = Teller(case, REQUESTER, language, now())
    telling = teller.told()
    ways = acts.open_ways(telling)
    context = {
        "word": word,
        "number": number.said(case.number),
        "title": telling.title,
        "stage": telling.stage,
        "turn": telling.turn,
        "closed": case.closed,
        "lead": teller.wording.unit(case.lead),
        "place": teller.wording.area(case.area) if case.area else "",
        "sealed": sealed_words(teller.state, language),
        "promise": promise(teller.state, telling, teller.wording, now()),
        "kept": _kept(teller, telling),
        "answer": _answer(case, teller, telling) if ways & {"solved", "contest"} else None,
        "until": verification(teller.state, teller.wording, now()),
        "outcome": next((said.words for said in telling.standing if said.name == "outcome"), ""),
        "verified": next((said.words for said in telling.standing if said.name == "verified"), ""),
        "steps": story(teller, telling.timeline),
        "ways": {way: way in ways for way in WAYS},
        "chosen": chosen if chosen in ways else "",
        "asks_digits": identity.has_phone(case),
        "values": tried.values if tried else {},
        "wrong": tried.wrong if tried else {},
        "done": _done(request, teller),
        "danger": _danger(request, teller, tried),
        "danger_words": danger_words(teller.city),
        "chases": teller.state.counts.get("chase", 0),
        "fingerprint": blocks(case.head),
    }
    return show(request, "follow", context, status=status, personal=True)


def _done(request: HttpRequest, teller: Teller) -> str:
    """What the page says once after an act; an address alone can't make it say anything else."""
    way = request.GET.get("done", "") if request.method == "GET" else ""
    return teller.wording.say(DONE[way], unit=teller.wording.unit(teller.case.lead)) if way in DONE else ""


def _danger(request: HttpRequest, teller: Teller, tried: acts.Tried | None) -> bool:
    """Whether what was just written speaks of danger to life: the numbers to call stand first then."""
    if tried is not None:
        return teller.city.dangerous(f"{tried.values['text']} {tried.values['reason']}")
    theirs = [entry for entry in teller.entries if entry.actor == REQUESTER.key]
    written = documents.references(theirs[-1].said) if theirs and request.GET.get("done", "") in DONE else ()
    keys = [reference.partition(":")[0] for reference in written]
    return any(teller.city.dangerous(teller.documents[key].body) for key in keys if key in teller.documents)


def _kept(teller: Teller, telling: Telling) -> Mapping[str, object] | None:
    """How the promise was kept, once it is answered or closed: its date, whether it was missed, and the count."""
    answer = next((clock for clock in telling.clocks if clock.name == "answer"), None)
    if answer is None or (answer.state in ("running", "awaiting") and not telling.closed):
        return None
    clock = teller.state.clocks["answer"]
    due = end(clock.first or clock.expected, teller.wording, now())
    return {"late": answer.missed > 0, "due": due, "why": answer.why}


def _answer(case: Case, teller: Teller, telling: Telling) -> Mapping[str, object]:
    """The unit's claim and its words: whose voice it is stands above it."""
    reply = documents.of(case, "reply")
    claim = next((said.words for said in telling.standing if said.name == "outcome"), "")
    last = next((entry for entry in reversed(teller.entries) if entry.act in ("sign", "explain")), None)
    photos = [
        document.key
        for entry in teller.entries
        if entry.act == "submit"
        for document in files_of(teller, entry)
        if document.media.startswith("image/")
    ]
    return {"reply": reply, "claim": claim, "at": last.at if last else None, "photos": photos}


def file(request: HttpRequest, word: str, key: str) -> HttpResponseBase:
    """A photo or paper of the case, as a download: only what was told to its requester, or is their own."""
    found = links.find(word)
    if found.case is None or request.method not in ("GET", "HEAD"):
        raise Http404
    teller = Teller(found.case, REQUESTER, "zh-Hans", now())
    answered = any(entry.act in ("sign", "explain") for entry in teller.entries)
    for entry in teller.entries:
        told = shown(teller, entry) or (answered and entry.act == "submit")
        for document in files_of(teller, entry) if told else ():
            if document.key == key:
                answer = FileResponse(attachments.path_of(document.blob).open("rb"), content_type=document.media)
                answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(document.name)}"
                answer["Cache-Control"], answer["Referrer-Policy"] = "no-store", "no-referrer"
                answer["X-Robots-Tag"] = "noindex, nofollow, noarchive"
                return answer
    raise Http404


def ask(request: HttpRequest) -> HttpResponseBase:
    """Another link, by number and phone. The answer is the same whether they fit or not; no link is shown."""
    values, asked = {"number": request.GET.get("number", "")[:40], "phone": ""}, False
    if request.method == "POST":
        sent = read(request)
        values = {name: sent.word(name)[:40] for name in values}
        asked = bool(values["number"] and values["phone"])
        if asked:
            acts.ask_link(request, values["number"], values["phone"])
    city = store.current()
    return show(request, "ask", {"values": values, "asked": asked, "city": city}, personal=True)
