"""The storage in dicts: for tests, for the simulator, and as the plainest reading of the port."""

from adapters.memory.storage import memory_storage

__all__ = ["memory_storage"]
