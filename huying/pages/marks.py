"""What every template can write: sentences from the one catalogue, icons, files with their digest, times.

`say` looks in the same catalogue as the code does, so a text has one translation wherever it stands.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path

from django import template
from django.conf import settings
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from huying.errors import say as sentence
from huying.pages import when

register = template.Library()


@register.simple_tag(takes_context=True)
def say(context: Context, msgid: str, **params: object) -> str:
    """The sentence in the page's language; what is filled in is escaped with it."""
    return sentence(msgid, context["language"], **params)


@register.simple_tag
def asset(name: str) -> str:
    """The address of a static file; it changes with its content."""
    return f"{settings.STATIC_URL}{name}?v={_digest(name)}"


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(Path(settings.STATIC_ROOT, *name.split("/")).read_bytes()).hexdigest()[:12]


@register.simple_tag
def icon(name: str, more: str = "") -> SafeString:
    """An icon of the sprite; it says nothing by itself, so a word always stands beside it."""
    text = '<svg class="hy-icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>'
    return format_html(text, more, asset("bundled/icons.svg"), name)


@register.simple_tag(takes_context=True)
def moment(context: Context, at: datetime) -> SafeString:
    """When something happened, as a <time>."""
    words = when.happened(at, context["now"], context["calendar"], context["language"])
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), words)


@register.simple_tag(takes_context=True)
def deadline(context: Context, at: datetime) -> SafeString:
    """When something ends, as a <time>."""
    words = when.ends(at, context["now"], context["calendar"], context["language"])
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), words)
