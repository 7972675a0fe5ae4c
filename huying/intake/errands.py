"""What the doors leave for the loop: pictures to fetch, and rows that no longer count."""

from __future__ import annotations

from huying.intake import limits, pictures, trials


def run() -> int:
    """Do what is due; how many pictures were fetched or given up."""
    limits.sweep()
    trials.sweep()
    return pictures.fetch_waiting()
