"""Entries of the ledger and their lines."""

from collections.abc import Iterable, Sequence
from typing import Any

from adapters.sql.mapper import Row
from domain.ledger import Account, AccountKind, Entry, Line
from domain.money import Money, currency

_KINDS = {str(kind): kind for kind in AccountKind}


def to_account(text: str) -> Account:
    """Read an account. The names of two kinds have a colon themselves."""
    kind, _, owner = text.partition(":")
    if kind not in _KINDS:
        more, _, owner = owner.partition(":")
        kind = f"{kind}:{more}"
    return Account(_KINDS[kind], owner)


def line_rows(entry: Entry, seq: int) -> list[dict[str, Any]]:
    """Write an entry's lines, in their order."""
    return [
        {
            "entry_seq": seq,
            "line": number,
            "account": str(line.account),
            "currency": line.amount.currency.code,
            "amount": line.amount.minor,
        }
        for number, line in enumerate(entry.lines)
    ]


def entry_from_rows(rows: Sequence[Row]) -> Entry:
    """Read an entry from its lines in their order, each beside the entry itself."""
    return Entry(key=rows[0].key, kind=rows[0].kind, at=rows[0].at, lines=_lines(rows))


def _lines(rows: Iterable[Row]) -> tuple[Line, ...]:
    return tuple(
        Line(to_account(row.account), Money(row.amount, currency(row.currency))) for row in rows
    )
