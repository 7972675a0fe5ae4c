"""Loaded versions of the city's data: rows that are never changed."""

from __future__ import annotations

from django.db import models


class CityVersion(models.Model):
    """One loaded version: its number is the primary key, its content canonical JSON.

    Text, not JSON, in the database: PostgreSQL's jsonb would rewrite what the digest was taken over. The
    guard's triggers refuse to change or delete a row.
    """

    digest = models.CharField(max_length=64)
    loaded_at = models.DateTimeField()
    content = models.TextField()
