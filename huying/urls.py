"""Every address of the system on one screen."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path
from django.views.decorators.csrf import csrf_exempt

from huying.desk import (
    acting,
    call,
    callback,
    case,
    entrance,
    export,
    handover,
    health,
    leader,
    looking,
    me,
    queues,
    recurring,
    rights,
)
from huying.intake import open311
from huying.portal import follow, public, receipt, report

FORM = r"(?:\.(?P<form>xml|json))?$"
V2 = r"^open311/(?P<place>v2|sandbox/v2)/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", public.home),
    path("report", csrf_exempt(report.report)),
    path("report/near", csrf_exempt(report.near)),
    path("receipt/<word>", receipt.receipt),
    path("my", csrf_exempt(follow.ask)),
    path("my/<word>", csrf_exempt(follow.follow)),
    path("my/<word>/files/<key>", follow.file),
    path("cases", public.cases),
    path("cases/<asked>", public.case),
    path("help", public.handled),
    path("desk/", queues.home),
    path("desk/login", entrance.enter),
    path("desk/code", entrance.second),
    path("desk/play", entrance.play),
    path("desk/leave", entrance.leave),
    path("desk/language", entrance.language),
    path("desk/welcome/<code>/<token>", entrance.welcome),
    path("desk/me", me.me),
    path("desk/me/end", me.end),
    path("desk/me/second", me.second),
    path("desk/queue/", queues.queue),
    path("desk/queue/<name>", queues.queue),
    path("desk/counts.json", queues.counts),
    path("desk/views", queues.keep_view),
    path("desk/register/", queues.register),
    path("desk/register/<kind>", queues.register),
    path("desk/export/queue/<name>", export.queue),
    path("desk/export/register/<kind>", export.register),
    path("desk/find", queues.search),
    path("desk/call", call.call),
    path("desk/call/known", call.known),
    path("desk/call/similar", call.similar),
    path("desk/call/<number>", call.taken),
    path("desk/handover", handover.handover),
    path("desk/leader", leader.leader),
    path("desk/recurring", recurring.recurring),
    path("desk/rights", rights.rights),
    path("desk/looks", rights.looks),
    path("desk/callback/", callback.waiting),
    path("desk/callback/<number>", callback.callback),
    path("desk/open/<kind>", acting.opening),
    path("desk/case/<number>", case.case),
    path("desk/case/<number>/since", case.since),
    path("desk/case/<number>/act/<name>", acting.act),
    path("desk/case/<number>/look", looking.look),
    path("desk/case/<number>/file/<key>", looking.file),
    path("health", health.health),
    path("health.json", health.health_json),
    re_path(rf"^open311/(?:(?P<place>v2|sandbox/v2)/)?discovery{FORM}", csrf_exempt(open311.discovery)),
    re_path(rf"{V2}services{FORM}", csrf_exempt(open311.services)),
    re_path(rf"{V2}services/(?P<code>[^/]+?){FORM}", csrf_exempt(open311.definition)),
    re_path(rf"{V2}requests{FORM}", csrf_exempt(open311.requests)),
    re_path(rf"{V2}requests/(?P<number>[^/]+?)/updates{FORM}", csrf_exempt(open311.changes)),
    re_path(rf"{V2}requests/(?P<number>[^/]+?){FORM}", csrf_exempt(open311.request)),
    re_path(rf"{V2}tokens/(?P<token>[^/]+?){FORM}", csrf_exempt(open311.token)),
    re_path(rf"{V2}openapi\.json$", csrf_exempt(open311.openapi)),
    re_path(r"^open311(?:/|$)", csrf_exempt(open311.nowhere)),
]
handler400 = open311.unreadable
