"""A payment world behind the gateway's port: the default where no Stripe key is set."""

from adapters.fake.clock import WorldOffset
from adapters.fake.store import MemoryStore, Store, StoreAway, open_store
from adapters.fake.world import DEFAULT_SECRET, FakeWorld, fake_gateway

__all__ = [
    "DEFAULT_SECRET",
    "FakeWorld",
    "MemoryStore",
    "Store",
    "StoreAway",
    "WorldOffset",
    "fake_gateway",
    "open_store",
]
