"""Invented cases in number, for benchmarks and rehearsals: lives played by the ledger itself, then copied.

lives.py says what happens, play.py lets it happen through `open_case` and `record`, moulds.py makes the same
life again under its own number, salts, words and hashes, bulk.py writes, filling.py is the one door: `fill`.
"""

from huying.bench.filling import fill

__all__ = ["fill"]
