"""Whole tables as streams, for verification."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from attrs import frozen
from sqlalchemy import func, select

from adapters.sql.mapper import Mapper
from adapters.sql.rows.bookings import BOOKINGS
from adapters.sql.rows.earnings import BALANCES, PAYOUTS
from adapters.sql.rows.payments import PAYMENTS
from adapters.sql.rows.records import OPERATIONS
from adapters.sql.rows.refunds import REFUNDS
from adapters.sql.tables import bookings, ledger_entries, payouts
from adapters.sql.transaction import Transaction
from adapters.sql.views.reading import readable
from application.ports.records import Operation
from domain.bookings import Booking
from domain.earnings import Payout, TeacherBalance
from domain.payments import Payment
from domain.refunds import Refund

T = TypeVar("T")


@frozen
class SqlEverything:
    """Streams in bounded memory, in the order of ids."""

    _transaction: Transaction

    def payments(self) -> Iterator[Payment]:
        return self._stream(PAYMENTS)

    def refunds(self) -> Iterator[Refund]:
        return self._stream(REFUNDS)

    def payouts(self) -> Iterator[Payout]:
        return self._stream(PAYOUTS)

    def balances(self) -> Iterator[TeacherBalance]:
        return self._stream(BALANCES)

    def bookings(self) -> Iterator[Booking]:
        return self._stream(BOOKINGS)

    def operations(self) -> Iterator[Operation]:
        return self._stream(OPERATIONS)

    def sizes(self) -> Mapping[str, int]:
        """Return how many ledger entries, bookings and payouts there are, for showing progress."""
        counted = {"ledger entries": ledger_entries, "bookings": bookings, "payouts": payouts}
        return {
            what: self._transaction.value(select(func.count()).select_from(table))
            for what, table in counted.items()
        }

    def _stream(self, mapper: Mapper[T]) -> Iterator[T]:
        statement = select(mapper.table).order_by(*mapper.table.primary_key)
        return readable(mapper, self._transaction.stream(statement))
