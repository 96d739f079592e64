"""What the worker does, over and over: each command does a batch and tells how much it did."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from attrs import evolve, frozen

from application.applying import Applying
from application.bookings import AdvanceBooking, AdvanceBookingHandler
from application.bus import handles
from application.commands import Actor, Command
from application.effects import LEASE, Effects
from application.idempotency import Idempotency
from application.payout_booking import PayoutBooking, is_payable_today
from application.ports.clock import Clock, WallClock
from application.ports.gateway import (
    BalanceTransaction,
    Gateway,
    GatewayBusy,
    GatewayRefused,
    OutcomeUnknown,
)
from application.ports.records import DeliveryState, Operation
from application.ports.storage import Reader, Unit, UnitOfWork
from application.reactions import Reactions
from application.webhooks import Processing
from domain.earnings import AccountNotReady, NothingToPayOut, PayoutMethod
from domain.errors import BrokenInvariant, DomainError, Forbidden
from domain.ids import PaymentId, UserId
from domain.money import Currency

T = TypeVar("T")

PUT_OFF = timedelta(seconds=30)
"""How long a delivery rests that the worker has taken up and not finished."""


def must_be_system(actor: Actor) -> None:
    """Refuse a command of the worker's to anybody else."""
    if not actor.is_system:
        raise Forbidden


def each(things: Iterable[T], do: Callable[[T], int]) -> int:
    """Do all of them, then raise the first failure: it must not hold up the rest.

    Return the sum of what `do` returns.
    """
    done = 0
    failure: Exception | None = None
    for thing in things:
        try:
            done += do(thing)
        except (DomainError, BrokenInvariant) as error:
            failure = failure or error
    if failure is not None:
        raise failure
    return done


@frozen(kw_only=True)
class AdvanceBookings(Command[int]):
    """Let due bookings lapse, expire, complete or settle."""

    limit: int = 50


@handles(AdvanceBookings)
@frozen
class AdvanceBookingsHandler:
    work: UnitOfWork
    clock: Clock
    one: AdvanceBookingHandler

    def __call__(self, command: AdvanceBookings, actor: Actor) -> int:
        must_be_system(actor)
        now = self.clock.now()
        due = self.work(lambda unit: unit.bookings.due(now, command.limit))
        return each(due, lambda one: self.one(AdvanceBooking(booking_id=one), actor))


@frozen(kw_only=True)
class ProcessInbox(Command[int]):
    """Apply deliveries that wait in the inbox."""

    limit: int = 50


@handles(ProcessInbox)
@frozen
class ProcessInboxHandler:
    work: UnitOfWork
    wall: WallClock
    processing: Processing

    def __call__(self, command: ProcessInbox, actor: Actor) -> int:
        must_be_system(actor)
        now = self.wall.now()
        due = self.work(lambda unit: unit.inbox.due(now, command.limit))
        return sum(self._process(one) for one in due)

    def _process(self, id: str) -> bool:
        # Put off before it is tried: one that breaks in a way that nobody foresaw must not be the
        # first again, or nothing behind it would ever be applied.
        self.work(partial(self._put_off, id=id))
        return self.processing.process(id)

    def _put_off(self, unit: Unit, id: str) -> None:
        delivery = unit.inbox.get(id)
        if delivery.state is DeliveryState.RECEIVED:
            unit.inbox.save(evolve(delivery, next_try_at=self.wall.now() + PUT_OFF))


@frozen(kw_only=True)
class RecoverOperations(Command[int]):
    """Finish operations whose lease has run out: those that were cut off, and the worker's own."""

    limit: int = 20


@handles(RecoverOperations)
@frozen
class RecoverOperationsHandler:
    work: UnitOfWork
    wall: WallClock
    effects: Effects

    def __call__(self, command: RecoverOperations, actor: Actor) -> int:
        must_be_system(actor)
        return each(self._claimed(command.limit), self._recover)

    def _claimed(self, limit: int) -> Iterator[Operation]:
        # One at a time: a lease begins when the work does, not when its batch does.
        for _ in range(limit):
            yield from self.work(self._claim)

    def _recover(self, operation: Operation) -> bool:
        try:
            return not self.effects.recover(operation).state.is_open
        except (DomainError, BrokenInvariant) as error:
            self.effects.left_open(operation, str(error))
            raise

    def _claim(self, unit: Unit) -> tuple[Operation, ...]:
        now = self.wall.now()
        return unit.operations.claim_due(now, now + LEASE, 1)


@frozen(kw_only=True)
class PayTeachers(Command[int]):
    """Send what is available to teachers with a connected account, once a day each."""

    limit: int = 100


@handles(PayTeachers)
@frozen
class PayTeachersHandler:
    work: UnitOfWork
    clock: Clock
    payouts: PayoutBooking
    effects: Effects

    def __call__(self, command: PayTeachers, actor: Actor) -> int:
        must_be_system(actor)
        return each(self._ready(command.limit), lambda one: self._pay(*one))

    def _ready(self, limit: int) -> Iterator[tuple[UserId, Currency]]:
        """Walk page by page through those who have money available, whoever cannot be paid."""
        now = self.clock.now()
        after: tuple[UserId, str] | None = None
        while page := self.work(partial(_ready, at=now, limit=limit, after=after)):
            yield from page
            after = (page[-1][0], page[-1][1].code)

    def _pay(self, teacher: UserId, currency: Currency) -> bool:
        def decide(unit: Unit) -> Operation | None:
            balance = unit.balances.get(teacher, currency)
            if not is_payable_today(balance, self.clock.now()):
                return None
            return self.payouts.reserve(unit, teacher, currency, PayoutMethod.STRIPE)[1]

        try:
            operation = self.work(decide)
        except (AccountNotReady, NothingToPayOut):
            return False
        if operation is None:
            return False
        self.effects.patiently(operation)
        return True


def _ready(
    unit: Unit, at: datetime, limit: int, after: tuple[UserId, str] | None
) -> tuple[tuple[UserId, Currency], ...]:
    return unit.earnings.ready(at, limit, after)


@frozen(kw_only=True)
class BookGatewayFees(Command[int]):
    """Ask for the gateway's own fee where it was not known yet when a payment succeeded."""

    limit: int = 200


@handles(BookGatewayFees)
@frozen
class BookGatewayFeesHandler:
    work: UnitOfWork
    clock: Clock
    gateway: Gateway
    applying: Applying

    def __call__(self, command: BookGatewayFees, actor: Actor) -> int:
        must_be_system(actor)
        return each(self._waiting(command.limit), self._book)

    def _waiting(self, limit: int) -> Iterator[PaymentId]:
        """Walk page by page through charges that wait, whichever of them are never settled."""
        after: PaymentId | None = None
        while page := self.work(partial(_awaiting_fee, limit=limit, after=after)):
            yield from page
            after = page[-1]

    def _book(self, id: PaymentId) -> bool:
        payment = self.work(lambda unit: unit.payments.find(id))
        if payment is None or payment.charge_id is None:
            return False
        try:
            settled = self.gateway.books.charge_transaction(payment.charge_id)
        except (GatewayBusy, OutcomeUnknown, GatewayRefused):
            return False
        return settled is not None and self.work(lambda unit: self._settle(unit, id, settled))

    def _settle(self, unit: Unit, id: PaymentId, settled: BalanceTransaction) -> bool:
        payment = unit.payments.get(id)
        if payment.gateway_fee_booked:
            return False
        booked = self.applying.accounting.gateway_settled(unit, payment, settled, self.clock.now())
        unit.payments.save(booked)
        return True


def _awaiting_fee(unit: Unit, limit: int, after: PaymentId | None) -> tuple[PaymentId, ...]:
    return unit.payments.awaiting_gateway_fee(limit, after)


@frozen(kw_only=True)
class DispatchOutbox(Command[int]):
    """Hand events to their reactions."""

    limit: int = 100


@handles(DispatchOutbox)
@frozen
class DispatchOutboxHandler:
    work: UnitOfWork
    reactions: Reactions

    def __call__(self, command: DispatchOutbox, actor: Actor) -> int:
        must_be_system(actor)
        messages = self.work(lambda unit: unit.outbox.waiting(command.limit))
        for message in messages:
            self.reactions.react(message.event)
        if messages:
            self.work(lambda unit: unit.outbox.done([message.id for message in messages]))
        return len(messages)


@frozen(kw_only=True)
class SealLedger(Command[int]):
    """Chain committed ledger entries."""

    limit: int = 500


@handles(SealLedger)
@frozen
class SealLedgerHandler:
    work: UnitOfWork

    def __call__(self, command: SealLedger, actor: Actor) -> int:
        must_be_system(actor)
        return self.work(lambda unit: unit.ledger.seal(command.limit))


@frozen(kw_only=True)
class PruneKeys(Command[int]):
    """Forget idempotency keys that nobody will use again."""


@handles(PruneKeys)
@frozen
class PruneKeysHandler:
    idempotency: Idempotency

    def __call__(self, _: PruneKeys, actor: Actor) -> int:
        must_be_system(actor)
        return self.idempotency.prune()


@frozen(kw_only=True)
class NextDue(Command[datetime | None]):
    """Ask when, in business time, something is due next."""


@handles(NextDue)
@frozen
class NextDueHandler:
    read: Reader
    clock: Clock

    def __call__(self, _: NextDue, actor: Actor) -> datetime | None:
        must_be_system(actor)
        now = self.clock.now()
        return self.read(lambda views: views.due.next_at(now))
