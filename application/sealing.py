"""The ledger's hash chain: each seal covers the one before and the entry's canonical text."""

import hashlib
import json
from datetime import datetime
from typing import Protocol

from domain.ledger import Written

GENESIS = "0" * 64
"""What the first entry's seal follows."""

_text_of = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


class Sealable(Protocol):
    """An entry, or what is written of one."""

    @property
    def key(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def written(self) -> Written: ...


def canonical(entry: Sealable) -> str:
    """Return the entry as one text that every storage agrees on: sorted JSON without spaces."""
    facts = {
        "key": entry.key,
        "kind": entry.kind,
        "at": entry.at.isoformat(),
        "lines": sorted(entry.written),
    }
    return _text_of(facts)


def seal(previous: str, entry: Sealable) -> str:
    """Return the SHA-256, in hex, of the previous seal and the entry."""
    return hashlib.sha256(f"{previous}\n{canonical(entry)}".encode()).hexdigest()
