"""What is not finished."""

from collections.abc import Iterator

from attrs import frozen
from sqlalchemy import and_, or_, select

from adapters.sql.repositories.records import OPEN_STATES
from adapters.sql.rows.earnings import PAYOUTS
from adapters.sql.rows.payments import PAYMENTS
from adapters.sql.rows.records import OPERATIONS
from adapters.sql.rows.refunds import REFUNDS
from adapters.sql.tables import operations, payments, payouts, refunds
from adapters.sql.transaction import Transaction
from adapters.sql.views.reading import readable
from application.ports.records import Operation
from domain.earnings import OPEN_PAYOUTS, Payout
from domain.payments import LIVE, Payment
from domain.refunds import UNDER_WAY, Refund

PAYMENTS_UNDER_WAY = select(payments).where(
    or_(
        payments.c.status.in_(sorted(LIVE)),
        and_(payments.c.captured > 0, ~payments.c.gateway_fee_booked),
    )
)
REFUNDS_UNDER_WAY = select(refunds).where(refunds.c.status.in_(sorted(UNDER_WAY)))
PAYOUTS_UNDER_WAY = select(payouts).where(payouts.c.status.in_(sorted(OPEN_PAYOUTS)))
OPERATIONS_UNDER_WAY = select(operations).where(operations.c.state.in_(OPEN_STATES))


@frozen
class SqlUnderWay:
    """Streams of what is open."""

    _transaction: Transaction

    def payments(self) -> Iterator[Payment]:
        """Return payments that may still be paid, or whose charge is not settled in our books."""
        return readable(PAYMENTS, self._transaction.stream(PAYMENTS_UNDER_WAY))

    def refunds(self) -> Iterator[Refund]:
        """Return refunds that are reserved or pending."""
        return readable(REFUNDS, self._transaction.stream(REFUNDS_UNDER_WAY))

    def payouts(self) -> Iterator[Payout]:
        """Return payouts that are pending or in transit."""
        return readable(PAYOUTS, self._transaction.stream(PAYOUTS_UNDER_WAY))

    def operations(self) -> Iterator[Operation]:
        """Return effects on the gateway that are not finished."""
        return readable(OPERATIONS, self._transaction.stream(OPERATIONS_UNDER_WAY))
