"""Which tables there are, and the indexes that the port's queries need."""

from collections.abc import Hashable, Iterable

from adapters.memory.books import LedgerTable
from adapters.memory.tables import SortKey, Table
from application.ports.records import (
    AuditEntry,
    Delivery,
    DeliveryState,
    IdempotencyRecord,
    Operation,
    OutboxMessage,
)
from domain.bookings import Booking
from domain.cards import SavedCard
from domain.earnings import EarningLine, Payout, TeacherAccount, TeacherBalance
from domain.gigs import Gig
from domain.payments import Payment
from domain.people import Session, User
from domain.refunds import Refund


def _one(value: Hashable | None) -> Iterable[Hashable]:
    return () if value is None else (value,)


def _calendar(booking: Booking) -> Iterable[Hashable]:
    return booking.people if booking.status.holds_its_slot else ()


def _due(booking: Booking) -> SortKey | None:
    at = booking.next_due_at
    return None if at is None else (at, booking.id)


def _awaits_fee(payment: Payment) -> SortKey | None:
    awaits = bool(payment.captured) and not payment.gateway_fee_booked
    return (payment.created_at, payment.id) if awaits else None


def _unpaid(line: EarningLine) -> Iterable[Hashable]:
    return ((line.teacher_id, line.amount.currency.code),) if line.payout_id is None else ()


def _paid_out(balance: TeacherBalance) -> SortKey | None:
    at = balance.last_payout_at
    return None if at is None else (at, (balance.teacher_id, balance.currency.code))


def _matures(line: EarningLine) -> SortKey | None:
    if line.payout_id is not None or line.available_at is None:
        return None
    return (line.available_at, line.id)


def _lease(operation: Operation) -> SortKey | None:
    return (operation.lease_until, operation.id) if operation.state.is_open else None


def _waits(delivery: Delivery) -> SortKey | None:
    waits = delivery.state is DeliveryState.RECEIVED
    return (delivery.received_at, delivery.id) if waits else None


class Database:
    """All that is committed."""

    def __init__(self) -> None:
        self.users = Table[User](
            lambda user: user.id,
            groups={
                "email": lambda user: (user.email.casefold(),),
                "customer": lambda user: _one(user.gateway_customer_id),
            },
            orders={"created": lambda user: (user.created_at, user.id)},
            unique=("email", "customer"),
        )
        self.sessions = Table[Session](
            lambda session: session.id,
            groups={
                "token": lambda session: (session.token_hash,),
                "family": lambda session: (session.family,),
            },
            unique=("token",),
        )
        self.gigs = Table[Gig](
            lambda gig: gig.id,
            orders={"created": lambda gig: (gig.created_at, gig.id)},
        )
        self.bookings = Table[Booking](
            lambda booking: booking.id,
            groups={"calendar": _calendar},
            orders={
                "created": lambda booking: (booking.created_at, booking.id),
                "due": _due,
            },
        )
        self.payments = Table[Payment](
            lambda payment: payment.id,
            groups={
                "booking": lambda payment: _one(payment.booking_id),
                "gateway": lambda payment: _one(payment.gateway_id),
            },
            orders={
                "created": lambda payment: (payment.created_at, payment.id),
                "awaits_fee": _awaits_fee,
            },
            unique=("gateway",),
        )
        self.refunds = Table[Refund](
            lambda refund: refund.id,
            groups={
                "payment": lambda refund: (refund.payment_id,),
                "gateway": lambda refund: _one(refund.gateway_id),
            },
            orders={"created": lambda refund: (refund.created_at, refund.id)},
            unique=("gateway",),
        )
        self.cards = Table[SavedCard](
            lambda card: card.id,
            groups={
                "student": lambda card: (card.student_id,),
                "gateway": lambda card: (card.gateway_id,),
            },
            unique=("gateway",),
        )
        self.accounts = Table[TeacherAccount](
            lambda account: account.teacher_id,
            groups={"gateway": lambda account: _one(account.gateway_id)},
            unique=("gateway",),
        )
        self.balances = Table[TeacherBalance](
            lambda balance: (balance.teacher_id, balance.currency.code),
            groups={"teacher": lambda balance: (balance.teacher_id,)},
            orders={"paid_out": _paid_out},
        )
        self.earnings = Table[EarningLine](
            lambda line: line.id,
            groups={
                "payment": lambda line: _one(line.payment_id),
                "payout": lambda line: _one(line.payout_id),
                "unpaid": _unpaid,
            },
            orders={"created": lambda line: (line.at, line.id), "matures": _matures},
        )
        self.payouts = Table[Payout](
            lambda payout: payout.id,
            groups={"gateway": lambda payout: _one(payout.gateway_id)},
            orders={"created": lambda payout: (payout.created_at, payout.id)},
            unique=("gateway",),
        )
        self.operations = Table[Operation](
            lambda operation: operation.id,
            groups={"subject": lambda operation: (operation.subject,)},
            orders={"lease": _lease},
        )
        self.inbox = Table[Delivery](
            lambda delivery: delivery.id,
            orders={
                "created": lambda delivery: (delivery.received_at, delivery.id),
                "waiting": _waits,
            },
        )
        self.outbox = Table[OutboxMessage](lambda message: message.id)
        self.idempotency = Table[IdempotencyRecord](
            lambda record: (record.scope, record.key),
            orders={"created": lambda record: (record.created_at, (record.scope, record.key))},
        )
        self.audit = Table[AuditEntry](
            lambda entry: entry.id,
            orders={"created": lambda entry: (entry.created_at, entry.id)},
        )
        self.settings = Table[tuple[str, str]](lambda setting: setting[0])
        self.ledger = LedgerTable()
