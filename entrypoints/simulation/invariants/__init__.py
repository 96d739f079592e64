"""What must never happen, as functions that look at what one commit touched.

The names I1 … are those of docs/reliability.md. Importing this package registers them all.
"""

from entrypoints.simulation.invariants import books, cards, cash, effects, histories, lessons, money
from entrypoints.simulation.witness import INVARIANTS

__all__ = ["INVARIANTS", "books", "cards", "cash", "effects", "histories", "lessons", "money"]
