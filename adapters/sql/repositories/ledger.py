"""The append-only ledger and its hash chain."""

from attrs import define
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_into

from adapters.sql.mapper import insert_if_absent, locked
from adapters.sql.rows.ledger import entries_from_rows, line_rows
from adapters.sql.tables import ledger_entries, ledger_head, ledger_lines
from adapters.sql.transaction import Transaction
from application.sealing import GENESIS, seal
from domain.ledger import Entry
from domain.money import Currency

APPEND_ENTRY = (
    insert_into(ledger_entries)
    .on_conflict_do_nothing(index_elements=["key"])
    .returning(ledger_entries.c.seq)
)
APPEND_LINES = insert(ledger_lines)
BALANCE = select(func.coalesce(func.sum(ledger_lines.c.amount), 0)).where(
    ledger_lines.c.account == bindparam("account"), ledger_lines.c.currency == bindparam("currency")
)

BEGIN_CHAIN = insert_if_absent(ledger_head)
LOCK_HEAD = locked(select(ledger_head))
ENTRIES_WITH_LINES = (
    select(ledger_entries, ledger_lines.c.account, ledger_lines.c.currency, ledger_lines.c.amount)
    .join(ledger_lines, ledger_lines.c.entry_seq == ledger_entries.c.seq)
    .order_by(ledger_entries.c.seq, ledger_lines.c.line)
)
UNSEALED = ENTRIES_WITH_LINES.where(
    ledger_entries.c.seq.in_(
        select(ledger_entries.c.seq)
        .where(ledger_entries.c.position.is_(None))
        .order_by(ledger_entries.c.seq)
        .limit(bindparam("limit"))
    )
)
SEAL_ENTRY = (
    update(ledger_entries)
    .where(ledger_entries.c.seq == bindparam("entry_seq"))
    .values(position=bindparam("sealed_position"), seal=bindparam("sealed_with"))
)
MOVE_HEAD = update(ledger_head)


@define
class SqlLedger:
    """The append-only ledger."""

    _transaction: Transaction

    def post(self, entry: Entry) -> bool:
        """Append an entry; False, and nothing written, when its key is booked already."""
        row = self._transaction.one(APPEND_ENTRY, key=entry.key, kind=entry.kind, at=entry.at)
        if row is None:
            return False
        self._transaction.run_many(APPEND_LINES, line_rows(entry, row.seq))
        return True

    def balance(self, account: str, currency: Currency) -> int:
        """Return the signed sum of an account, in minor units."""
        return int(self._transaction.value(BALANCE, account=account, currency=currency.code))

    def seal(self, limit: int) -> int:
        """Chain up to `limit` committed entries that are not sealed yet; return how many.

        Only one seals at a time. Numbers are handed out at insertion, and a transaction that began
        earlier may commit later: so the place in the chain is given here, and whoever appears late
        comes behind those that are sealed already.
        """
        self._transaction.run(BEGIN_CHAIN, {"id": 1, "position": 0, "seal": GENESIS})
        head = self._transaction.only(LOCK_HEAD)
        position, last = head.position, head.seal
        sealed = []
        for seq, entry in entries_from_rows(self._transaction.all(UNSEALED, limit=limit)):
            position, last = position + 1, seal(last, entry)
            sealed.append({"entry_seq": seq, "sealed_position": position, "sealed_with": last})
        self._transaction.run_many(SEAL_ENTRY, sealed)
        if sealed:
            self._transaction.run(MOVE_HEAD, {"position": position, "seal": last})
        return len(sealed)
