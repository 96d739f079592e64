"""Where the world is kept: rows of one table, with commits of their own."""

from adapters.fake.store.memory import MemoryStore
from adapters.fake.store.open import open_store
from adapters.fake.store.rows import Row, Rows, Store, StoreAway

__all__ = ["MemoryStore", "Row", "Rows", "Store", "StoreAway", "open_store"]
