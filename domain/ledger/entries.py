"""Balanced entries, and what they sum up to."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import field, frozen

from domain.errors import BrokenInvariant
from domain.ledger.accounts import Account
from domain.money import Money
from domain.time import instant


@frozen
class Line:
    """One side of an entry: debit positive, credit negative, in minor units."""

    account: Account
    amount: Money


Written = tuple[tuple[str, str, int], ...]
"""Lines as they are written: account, currency code, signed minor units."""


def _balances(_: object, __: object, lines: tuple[Line, ...]) -> None:
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        sums[line.amount.currency.code] += line.amount.minor
    if not lines or any(sums.values()) or any(not line.amount for line in lines):
        raise BrokenInvariant(f"an entry does not balance: {lines!r}")


@frozen(kw_only=True)
class Entry:
    """A balanced set of lines that books one fact; `key` is unique to the fact."""

    key: str
    kind: str
    lines: tuple[Line, ...] = field(validator=_balances)
    at: datetime = instant()

    @property
    def written(self) -> Written:
        """Return its lines as a ledger writes them."""
        return tuple(
            (str(line.account), line.amount.currency.code, line.amount.minor) for line in self.lines
        )


Sides = Iterable[tuple[Account, Money]]


def entry(key: str, at: datetime, *, debit: Sides, credit: Sides) -> Entry | None:
    """Make the entry of a fact from both sides, leaving zeros out; None when nothing is left.

    The part of `key` before its first colon names the kind of fact.
    """
    lines = tuple(
        line
        for sign, sides in ((1, debit), (-1, credit))
        for line in (
            Line(account, Money(sign * sum_.minor, sum_.currency)) for account, sum_ in sides
        )
        if line.amount
    )
    if not lines:
        return None
    return Entry(key=key, kind=key.partition(":")[0], at=at, lines=lines)


def sum_by_account(entries: Sequence[Entry]) -> dict[tuple[str, str], int]:
    """Replay entries: the signed balance of each (account, currency) that is not zero."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for posted in entries:
        for line in posted.lines:
            sums[str(line.account), line.amount.currency.code] += line.amount.minor
    return {account: balance for account, balance in sums.items() if balance}
