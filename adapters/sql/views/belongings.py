"""What belongs to many things at once, with a statement a bunch."""

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen
from sqlalchemy import BindParameter, Executable, bindparam, func, select, union_all

from adapters.sql.mapper import Row
from adapters.sql.rows.payments import PAYMENTS
from adapters.sql.rows.refunds import REFUNDS
from adapters.sql.tables import earning_lines, operations, payments, payouts, refunds
from adapters.sql.transaction import Transaction, bunches
from adapters.sql.views.reading import readable
from application.ports.records import OperationState
from application.ports.storage import Credited, Done
from domain.payments import Payment
from domain.refunds import Refund

_WANTED: BindParameter[str] = bindparam("wanted", expanding=True)

PAYMENTS_OF = (
    select(payments)
    .where(payments.c.booking_id.in_(_WANTED))
    .order_by(payments.c.booking_id, payments.c.created_at.desc(), payments.c.id.desc())
)
REFUNDS_OF = select(refunds).where(refunds.c.payment_id.in_(_WANTED)).order_by(refunds.c.id)
_is_ahead = earning_lines.c.available_at.is_(None)
_credits = (
    earning_lines.c.payment_id,
    earning_lines.c.teacher_id,
    earning_lines.c.currency,
    _is_ahead.label("is_ahead"),
)
CREDITED = (
    select(*_credits, func.sum(earning_lines.c.amount))
    .where(earning_lines.c.payment_id.in_(_WANTED))
    .group_by(*_credits)
)
CARRIED = (
    select(earning_lines.c.payout_id, func.sum(earning_lines.c.amount))
    .where(earning_lines.c.payout_id.in_(_WANTED))
    .group_by(earning_lines.c.payout_id)
)
DONE = select(operations.c.id, operations.c.subject, operations.c.kind, operations.c.result).where(
    operations.c.subject.in_(_WANTED), operations.c.state == OperationState.DONE
)
KNOWN = union_all(
    *(
        select(column.label("id")).where(column.in_(_WANTED))
        for column in (
            *(payments.c.id, payments.c.charge_id),
            *(refunds.c.id, refunds.c.gateway_id),
            *(payouts.c.id, payouts.c.gateway_id),
        )
    )
)
OPERATIONS = select(operations.c.id).where(operations.c.id.in_(_WANTED))


@frozen
class SqlBelongings:
    """Look many up at once."""

    _transaction: Transaction

    def payments_of(self, bookings: Sequence[str]) -> Iterator[Payment]:
        """Return the payments of bookings, a booking's newest first."""
        return readable(PAYMENTS, self._rows(PAYMENTS_OF, bookings))

    def refunds_of(self, payments: Sequence[str]) -> Iterator[Refund]:
        """Return the refunds of payments."""
        return readable(REFUNDS, self._rows(REFUNDS_OF, payments))

    def credited(self, payments: Sequence[str]) -> Iterator[Credited]:
        """Return what teachers' statements have of payments."""
        for payment, teacher, currency, is_ahead, amount in self._rows(CREDITED, payments):
            yield Credited(payment, teacher, currency, bool(is_ahead), int(amount))

    def carried(self, payouts: Sequence[str]) -> Mapping[str, int]:
        """Return the sums of the lines that payouts carry; those of none are left out."""
        return {payout: int(amount) for payout, amount in self._rows(CARRIED, payouts)}

    def done(self, subjects: Sequence[str]) -> Iterator[Done]:
        """Return the effects that are done for payments, refunds or payouts."""
        return (Done(*row) for row in self._rows(DONE, subjects))

    def known(self, ids: Sequence[str]) -> set[str]:
        """Return which of these ids, ours or the gateway's, payments, refunds or payouts have."""
        return {row.id for row in self._rows(KNOWN, ids)}

    def missing(self, operations: Sequence[str]) -> set[str]:
        """Return which of these are no operation's id."""
        return set(operations) - {row.id for row in self._rows(OPERATIONS, operations)}

    def _rows(self, statement: Executable, wanted: Sequence[str]) -> Iterator[Row]:
        for some in bunches(wanted):
            yield from self._transaction.all(statement, wanted=some)
