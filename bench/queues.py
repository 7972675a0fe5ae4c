"""The queues that are read: a name -> who reads it, and what `find.queue` calls it.

`@department` and `@subdistrict` stand for somebody at the unit of that kind which leads most of the queue's cases,
so that a page is full among few cases too: a page that isn't is less work, and no comparison.
"""

QUEUES = {
    "whole city": ("supervision.1", "all"),
    "overdue in the city": ("supervision.1", "overdue"),
    "to be dispatched": ("dispatch.1", "dispatch"),
    "to be called back": ("callback.1", "verify"),
    "a department's own": ("@department", "unit"),
    "due soon in a department": ("@department", "soon"),
    "to be signed in a department": ("@department", "review"),
    "all of a subdistrict": ("@subdistrict", "all"),
}

UNJUDGED = frozenset({"due soon in a department"})
"""Shown without a goal: what is due in a time is walked through in order until a page of the department's own is
found, so among few cases the walk ends early. It grows up to a page divided by the department's share, no further."""
