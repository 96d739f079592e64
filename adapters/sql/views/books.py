"""The ledger, to read and to prove."""

from collections.abc import Iterator

from attrs import frozen
from sqlalchemy import bindparam, func, select

from adapters.sql.repositories.ledger import ENTRIES_WITH_LINES, entries_of
from adapters.sql.tables import ledger_entries, ledger_lines
from adapters.sql.transaction import Transaction
from application.ports.storage import SealedEntry
from domain.ledger import Entry

SEALED = (
    ENTRIES_WITH_LINES.where(ledger_entries.c.position.is_not(None))
    .order_by(None)
    .order_by(ledger_entries.c.position, ledger_lines.c.line)
)
UNSEALED = ENTRIES_WITH_LINES.where(ledger_entries.c.position.is_(None))
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


@frozen
class SqlBooks:
    """The ledger."""

    _transaction: Transaction

    def entries(self) -> Iterator[SealedEntry]:
        """Stream every entry in the order of the chain, unsealed ones last, in bounded memory."""
        for statement in (SEALED, UNSEALED):
            for row, entry in entries_of(self._transaction.stream(statement)):
                yield SealedEntry(entry=entry, position=row.position, seal=row.seal)

    def balances(self) -> Iterator[tuple[str, str, int]]:
        """Stream every sum that is not zero: account, currency code, signed amount."""
        for row in self._transaction.stream(BALANCES):
            yield row.account, row.currency, int(row.balance)

    def of_account(self, account: str) -> Iterator[Entry]:
        """Stream the entries that touch an account, oldest first."""
        rows = self._transaction.stream(OF_ACCOUNT, account=account)
        yield from (entry for _, entry in entries_of(rows))

    def entry(self, key: str) -> Entry | None:
        """Return the entry that books a fact."""
        rows = self._transaction.all(BY_KEY, wanted_key=key)
        return next((entry for _, entry in entries_of(rows)), None)
