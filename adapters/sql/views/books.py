"""The ledger, to read and to prove."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from attrs import frozen
from sqlalchemy import Executable, bindparam, func, select

from adapters.sql.repositories.ledger import ENTRIES_WITH_LINES
from adapters.sql.rows.ledger import entries_from_rows
from adapters.sql.tables import ledger_entries, ledger_head, ledger_lines
from adapters.sql.transaction import ROWS_AT_A_TIME, Transaction, bunches
from application.ports.storage import ChainHead, SealedEntry
from domain.ledger import Entry, Written

_whole = select(
    ledger_entries, ledger_lines.c.account, ledger_lines.c.currency, ledger_lines.c.amount
).outerjoin(ledger_lines, ledger_lines.c.entry_seq == ledger_entries.c.seq)
# Page by page: to sort the whole join, as one statement would, takes as much as there is.
_position, _seq = ledger_entries.c.position, ledger_entries.c.seq
SEALED = _whole.where(
    _seq.in_(
        select(_seq)
        .where(_position > bindparam("after"))
        .order_by(_position)
        .limit(bindparam("limit"))
    )
).order_by(_position, ledger_lines.c.line)
UNSEALED = _whole.where(
    _seq.in_(
        select(_seq)
        .where(_position.is_(None), _seq > bindparam("after"))
        .order_by(_seq)
        .limit(bindparam("limit"))
    )
).order_by(_seq, ledger_lines.c.line)
BEFORE_ALL = -(2**62)
BALANCES = (
    select(
        ledger_lines.c.account,
        ledger_lines.c.currency,
        func.sum(ledger_lines.c.amount).label("balance"),
    )
    .group_by(ledger_lines.c.account, ledger_lines.c.currency)
    .having(func.sum(ledger_lines.c.amount) != 0)
    .order_by(ledger_lines.c.account, ledger_lines.c.currency)
)
OF_ACCOUNT = ENTRIES_WITH_LINES.where(
    ledger_entries.c.seq.in_(
        select(ledger_lines.c.entry_seq).where(ledger_lines.c.account == bindparam("account"))
    )
)
BY_KEY = ENTRIES_WITH_LINES.where(ledger_entries.c.key == bindparam("wanted_key"))
WRITTEN = (
    select(
        ledger_entries.c.key, ledger_lines.c.account, ledger_lines.c.currency, ledger_lines.c.amount
    )
    .join(ledger_lines, ledger_lines.c.entry_seq == ledger_entries.c.seq)
    .where(ledger_entries.c.key.in_(bindparam("keys", expanding=True)))
)
SUMS = (
    select(ledger_lines.c.currency, func.sum(ledger_lines.c.amount).label("balance"))
    .where(ledger_lines.c.account == bindparam("account"))
    .group_by(ledger_lines.c.currency)
    .having(func.sum(ledger_lines.c.amount) != 0)
)
HEAD = select(ledger_head.c.position, ledger_head.c.seal)


@frozen
class SqlBooks:
    """The ledger."""

    _transaction: Transaction

    def entries(self) -> Iterator[SealedEntry]:
        """Stream every entry in the order of the chain, unsealed ones last, in bounded memory."""
        yield from self._pages(SEALED, lambda _, entry: entry.position)
        yield from self._pages(UNSEALED, lambda seq, _: seq)

    def _pages(
        self, statement: Executable, place: Callable[[int, SealedEntry], int | None]
    ) -> Iterator[SealedEntry]:
        after: int | None = BEFORE_ALL
        while after is not None:
            rows = self._transaction.all(statement, after=after, limit=ROWS_AT_A_TIME)
            after = None
            for seq, entry in entries_from_rows(rows):
                yield entry
                after = place(seq, entry)

    def balances(self) -> Iterator[tuple[str, str, int]]:
        """Stream every sum that is not zero: account, currency code, signed amount."""
        for row in self._transaction.stream(BALANCES):
            yield row.account, row.currency, int(row.balance)

    def of_account(self, account: str) -> Iterator[Entry]:
        """Stream the entries that touch an account, oldest first."""
        rows = self._transaction.stream(OF_ACCOUNT, account=account)
        yield from (sealed.entry for _, sealed in entries_from_rows(rows))

    def entry(self, key: str) -> Entry | None:
        """Return the entry that books a fact."""
        rows = self._transaction.all(BY_KEY, wanted_key=key)
        return next((sealed.entry for _, sealed in entries_from_rows(rows)), None)

    def written(self, keys: Sequence[str]) -> Mapping[str, Written]:
        """Return the lines of the entries that book facts; what is not booked is left out."""
        found: defaultdict[str, list[tuple[str, str, int]]] = defaultdict(list)
        for some in bunches(keys):
            for key, account, currency, amount in self._transaction.all(WRITTEN, keys=some):
                found[key].append((account, currency, amount))
        return {key: tuple(lines) for key, lines in found.items()}

    def sums(self, account: str) -> Mapping[str, int]:
        """Return an account's sums that are not zero, by currency code."""
        rows = self._transaction.all(SUMS, account=account)
        return {row.currency: int(row.balance) for row in rows}

    def head(self) -> ChainHead | None:
        """Return where the hash chain ends, as noted beside it; None before the first seal."""
        row = self._transaction.one(HEAD)
        return None if row is None or not row.position else ChainHead(row.position, row.seal)
