"""What teachers earn, and how it reaches them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from attrs import evolve, field, frozen

from domain.errors import BrokenInvariant, Conflict, Refused
from domain.events import Event, PayoutFailed, PayoutPaid
from domain.ids import BookingId, EarningId, PaymentId, PayoutId, UserId
from domain.money import Currency, Money, total
from domain.time import instant

PAYOUT_EVERY = timedelta(days=1)
"""How often the worker pays a teacher: money that becomes available waits a day at the most."""


class NothingToPayOut(Refused):
    """Less is available than the smallest payout."""

    code = "nothing_to_pay_out"


class AccountNotReady(Conflict):
    """The teacher's connected account cannot receive transfers yet."""

    code = "account_not_ready"


class PayoutStateConflict(Conflict):
    """The payout's status does not allow this."""

    code = "payout_state_conflict"


@frozen(kw_only=True)
class TeacherAccount:
    """A teacher's connected account at the gateway."""

    teacher_id: UserId
    gateway_id: str | None = None
    charges_enabled: bool = False
    payouts_enabled: bool = False
    transfers_enabled: bool = False
    details_submitted: bool = False
    created_at: datetime = instant()
    updated_at: datetime = instant()
    version: int = 0
    events: tuple[Event, ...] = field(default=(), eq=False, repr=False)

    @property
    def status(self) -> str:
        """Return `none`, `onboarding`, `restricted` or `enabled`."""
        if self.gateway_id is None:
            return "none"
        if self.is_ready:
            return "enabled"
        return "restricted" if self.details_submitted else "onboarding"

    @property
    def is_ready(self) -> bool:
        """Tell whether transfers can be sent to it."""
        return self.gateway_id is not None and self.transfers_enabled and self.payouts_enabled


@frozen(kw_only=True)
class Taken:
    """Where an amount was put to, or taken from, among a teacher's accounts; each part >= 0."""

    held: Money
    payable: Money
    receivable: Money


@frozen(kw_only=True)
class TeacherBalance:
    """A teacher's stored balances in one currency; `payable` and `receivable` are never both set.

    `receivable` is debt. `paid` is what left for good, for the statement.
    """

    teacher_id: UserId
    currency: Currency
    payable: Money
    held: Money
    receivable: Money
    in_flight: Money
    paid: Money
    last_payout_at: datetime | None = instant(default=None)
    version: int = 0
    events: tuple[Event, ...] = field(default=(), eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        zero = Money.zero(self.currency)
        amounts = (self.payable, self.held, self.receivable, self.in_flight, self.paid)
        if min(amounts) < zero or (self.payable and self.receivable):
            raise BrokenInvariant(f"impossible balance of {self.teacher_id}: {self!r}")

    @classmethod
    def empty(cls, teacher_id: UserId, currency: Currency) -> "TeacherBalance":
        """Begin with nothing."""
        zero = Money.zero(currency)
        return cls(
            teacher_id=teacher_id,
            currency=currency,
            payable=zero,
            held=zero,
            receivable=zero,
            in_flight=zero,
            paid=zero,
        )

    def credit(self, amount: Money) -> tuple["TeacherBalance", Taken]:
        """Give to the teacher: debt first, then payable."""
        owed = min(self.receivable, amount)
        rest = amount - owed
        taken = Taken(held=Money.zero(self.currency), payable=rest, receivable=owed)
        return (
            evolve(self, receivable=self.receivable - owed, payable=self.payable + rest),
            taken,
        )

    def debit(self, amount: Money, *, held: Money | None = None) -> tuple["TeacherBalance", Taken]:
        """Take from the teacher: this payment's held money, then payable, then it becomes debt."""
        from_held = min(held, amount, self.held) if held else Money.zero(self.currency)
        from_payable = min(self.payable, amount - from_held)
        debt = amount - from_held - from_payable
        taken = Taken(held=from_held, payable=from_payable, receivable=debt)
        return (
            evolve(
                self,
                held=self.held - from_held,
                payable=self.payable - from_payable,
                receivable=self.receivable + debt,
            ),
            taken,
        )

    @property
    def next_payout_at(self) -> datetime | None:
        """Return when the next daily payout may be made; None when that is now, for want of one."""
        return None if self.last_payout_at is None else self.last_payout_at + PAYOUT_EVERY

    def send(self, amount: Money, *, at: datetime) -> "TeacherBalance":
        """Move payable money in flight."""
        return evolve(
            self,
            payable=self.payable - amount,
            in_flight=self.in_flight + amount,
            last_payout_at=at,
        )

    def sent(self, amount: Money) -> "TeacherBalance":
        """Note that money in flight has landed."""
        return evolve(self, in_flight=self.in_flight - amount, paid=self.paid + amount)

    def bounced(self, amount: Money) -> tuple["TeacherBalance", Taken]:
        """Take money back that was in flight; it is the teacher's again, debt first."""
        return evolve(self, in_flight=self.in_flight - amount).credit(amount)

    def pulled_back(self, amount: Money) -> tuple["TeacherBalance", Taken]:
        """Take back money that had landed: a transfer was reversed."""
        return evolve(self, paid=self.paid - amount).credit(amount)


class EarningKind(StrEnum):
    """What a line of the statement is about."""

    LESSON = "lesson"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"
    TRANSFER_REVERSED = "transfer_reversed"
    CARRIED = "carried"


@frozen(kw_only=True)
class EarningLine:
    """One signed amount of a teacher's statement.

    `available_at` is None while the lesson lies ahead. `payout_id` is set while, and after, a
    payout carries it. The lines without a payout, lesson ended, sum to payable + held -
    receivable.
    """

    id: EarningId
    teacher_id: UserId
    kind: EarningKind
    amount: Money
    booking_id: BookingId | None
    payment_id: PaymentId | None
    reason: str
    at: datetime = instant()
    available_at: datetime | None = instant(default=None)
    payout_id: PayoutId | None = None
    version: int = 0
    events: tuple[Event, ...] = field(default=(), eq=False, repr=False)


class EarningState(StrEnum):
    """Where a line of the statement stands."""

    PENDING = "pending"
    HELD = "held"
    AVAILABLE = "available"
    IN_TRANSIT = "in_transit"
    PAID = "paid"
    DEBT = "debt"


class PayoutStatus(StrEnum):
    """Where a payout stands."""

    PENDING = "pending"
    IN_TRANSIT = "in_transit"
    PAID = "paid"
    FAILED = "failed"


OPEN_PAYOUTS = frozenset({PayoutStatus.PENDING, PayoutStatus.IN_TRANSIT})
"""The statuses in which a payout may still land or fail."""


class PayoutMethod(StrEnum):
    """How a payout reaches the teacher."""

    STRIPE = "stripe"
    MANUAL = "manual"


@frozen(kw_only=True)
class Payout:
    """Available money of a teacher on its way to them."""

    id: PayoutId
    teacher_id: UserId
    amount: Money
    method: PayoutMethod
    status: PayoutStatus
    gateway_id: str | None = None
    reversed: Money
    reference: str | None = None
    failure_reason: str | None = None
    created_at: datetime = instant()
    updated_at: datetime = instant()
    paid_at: datetime | None = instant(default=None)
    version: int = 0
    events: tuple[Event, ...] = field(default=(), eq=False, repr=False)

    def paid(
        self, *, at: datetime, gateway_id: str | None = None, reference: str | None = None
    ) -> "Payout":
        """Note that the money has left."""
        self._must_be_open()
        return evolve(
            self,
            status=PayoutStatus.PAID,
            gateway_id=gateway_id,
            reference=reference or self.reference,
            paid_at=at,
            updated_at=at,
            events=(*self.events, PayoutPaid(payout=self.id, at=at)),
        )

    def failed(self, reason: str, *, at: datetime) -> "Payout":
        """Note that the money did not leave."""
        self._must_be_open()
        return evolve(
            self,
            status=PayoutStatus.FAILED,
            failure_reason=reason,
            updated_at=at,
            events=(*self.events, PayoutFailed(payout=self.id, reason=reason, at=at)),
        )

    def reversed_up_to(self, amount: Money, *, at: datetime) -> tuple["Payout", Money]:
        """Note how much of the transfer is reversed in all; return what is new of it."""
        more = amount - self.reversed
        if more.minor <= 0:
            return self, Money.zero(amount.currency)
        return evolve(self, reversed=amount, updated_at=at), more

    def _must_be_open(self) -> None:
        if self.status not in OPEN_PAYOUTS:
            raise PayoutStateConflict(f"This payout is {self.status}.")


def available_from(
    ends_at: datetime, hold: timedelta, funds_available_at: datetime | None
) -> datetime:
    """Return max(end + hold, funds available); the funds' instant may not be known yet."""
    released = ends_at + hold
    return released if funds_available_at is None else max(released, funds_available_at)


def matured(lines: Iterable[EarningLine], at: datetime) -> tuple[EarningLine, ...]:
    """Return the lines that a payout at `at` would carry."""
    return tuple(
        line
        for line in lines
        if line.payout_id is None and line.available_at is not None and line.available_at <= at
    )


def available(balance: TeacherBalance, lines: Iterable[EarningLine], at: datetime) -> Money:
    """Return what can be paid out now: the matured lines' sum, never more than payable."""
    zero = Money.zero(balance.currency)
    ready = total((line.amount for line in matured(lines, at)), balance.currency)
    return max(zero, min(ready, balance.payable))


@frozen(kw_only=True)
class Standing:
    """A teacher's money in one currency, by where it stands; each part >= 0."""

    currency: Currency
    pending: Money
    held: Money
    available: Money
    in_transit: Money
    paid: Money
    debt: Money


def standing(balance: TeacherBalance, unpaid: Sequence[EarningLine], at: datetime) -> Standing:
    """Sum a statement up: `unpaid` are the teacher's lines in this currency without a payout."""
    ready = available(balance, unpaid, at)
    ahead = total((line.amount for line in unpaid if line.available_at is None), balance.currency)
    return Standing(
        currency=balance.currency,
        pending=ahead + balance.payable - ready,
        held=balance.held,
        available=ready,
        in_transit=balance.in_flight,
        paid=balance.paid,
        debt=balance.receivable,
    )


def state_of(
    line: EarningLine, payout: Payout | None, balance: TeacherBalance, at: datetime
) -> EarningState:
    """Tell where one line stands; `payout` is the one that carries it."""
    if payout is not None:
        is_paid = payout.status is PayoutStatus.PAID
        return EarningState.PAID if is_paid else EarningState.IN_TRANSIT
    if line.available_at is None or line.available_at > at:
        return EarningState.PENDING
    if line.amount.is_negative and balance.receivable:
        return EarningState.DEBT
    return EarningState.AVAILABLE
