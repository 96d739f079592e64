"""The ledger's hash chain: each seal covers the one before and the entry's canonical text."""

import hashlib
import json

from domain.ledger import Entry

GENESIS = "0" * 64
"""What the first entry's seal follows."""


def canonical(entry: Entry) -> str:
    """Return the entry as one text that every storage agrees on: sorted JSON without spaces."""
    lines = sorted(
        [str(line.account), line.amount.currency.code, line.amount.minor] for line in entry.lines
    )
    facts = {"key": entry.key, "kind": entry.kind, "at": entry.at.isoformat(), "lines": lines}
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def seal(previous: str, entry: Entry) -> str:
    """Return the SHA-256, in hex, of the previous seal and the entry."""
    return hashlib.sha256(f"{previous}\n{canonical(entry)}".encode()).hexdigest()
