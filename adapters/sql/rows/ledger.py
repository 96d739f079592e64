"""Entries of the ledger and their lines."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from application.ports.storage import SealedEntry
from domain.ledger import Entry


def line_rows(entry: Entry, seq: int) -> list[dict[str, Any]]:
    """Write an entry's lines, in their order."""
    return [
        {
            "entry_seq": seq,
            "line": number,
            "account": account,
            "currency": currency,
            "amount": amount,
        }
        for number, (account, currency, amount) in enumerate(entry.written)
    ]


def entries_from_rows(rows: Iterable[Any]) -> Iterator[tuple[int, SealedEntry]]:
    """Put entries together from rows ordered by entry; each with the number of its row.

    Each row is (seq, key, kind, at, position, seal, account, currency, amount); an entry without
    lines has one row without the last three.
    """
    last: tuple[int, str, str, datetime, int | None, str | None] | None = None
    lines: list[tuple[str, str, int]] = []
    for seq, key, kind, at, position, seal, account, currency, amount in rows:
        if last is None or last[0] != seq:
            if last is not None:
                yield last[0], _entry(last, lines)
            last, lines = (seq, key, kind, at, position, seal), []
        if account is not None:
            lines.append((account, currency, amount))
    if last is not None:
        yield last[0], _entry(last, lines)


def _entry(
    head: tuple[int, str, str, datetime, int | None, str | None], lines: list[tuple[str, str, int]]
) -> SealedEntry:
    _, key, kind, at, position, seal = head
    return SealedEntry(
        key=key, kind=kind, at=at, written=tuple(lines), position=position, seal=seal
    )
