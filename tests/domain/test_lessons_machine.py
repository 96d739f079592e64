"""Random lives of lessons, without any storage: the books hold whatever legal commands come.

The machine plays what the use cases do with the domain alone: it books, pays, cancels, refunds and
pays out, posts the entries, and keeps the teacher's balance. After each step the invariants of the
books (I9), of the calendars (I10) and of the histories (I11) must hold.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeVar

import pytest
from attrs import evolve, frozen
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain import ledger
from domain.bookings import (
    EDGES,
    Booking,
    BookingNotCancellable,
    BookingRules,
    BookingStateConflict,
    BookingStatus,
    Party,
    PaymentState,
    SlotTaken,
    must_be_free,
)
from domain.earnings import Payout, PayoutMethod, PayoutStatus, Taken, TeacherBalance
from domain.errors import InvalidField
from domain.fees import FeeOnRefund
from domain.gigs import Confirmation, Gig
from domain.ids import BookingId, PaymentId, PayoutId, RefundId, UserId
from domain.ledger import Entry
from domain.money import Money, total
from domain.payments import Observation, Payment, PaymentStatus, Stage, speaks_for_booking
from domain.policies import FAULT_OF, PRESETS, Fault
from domain.quotes import due_back
from domain.refunds import Refund, RefundCause, RefundStatus
from tests.builders import NOW, USD, a_fee_schedule, a_gig, dollars, teachings
from tests.strategies import fees_on_refund

T = TypeVar("T")

RULES = BookingRules()
REPORTED = (
    PaymentStatus.PROCESSING,
    PaymentStatus.FAILED,
    PaymentStatus.SUCCEEDED,
    PaymentStatus.CANCELED,
)
TEACHERS = ("usr_tina", "usr_tom")
STUDENTS = ("usr_ada", "usr_bob")
FINAL = {status for status in BookingStatus if status.is_final}


@frozen(kw_only=True)
class Wish:
    """What a student would like to book."""

    gig: Gig
    student: str
    hours: int
    minutes: int
    fee_on_refund: FeeOnRefund


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    """Draw wishes; gigs of the same teachers and capacity are the same gig to the calendars."""
    teachers = draw(st.sampled_from([TEACHERS, TEACHERS[:1], TEACHERS[1:]]))
    capacity = draw(st.sampled_from([1, 2]))
    gig = a_gig(
        f"gig_{'_'.join(teachers)}_{capacity}",
        teachers=teachings(*teachers),
        hourly_rate=dollars(draw(st.sampled_from([10_000, 3_333, 1, 0]))),
        confirmation=draw(st.sampled_from(Confirmation)),
        capacity=capacity,
        policy=PRESETS[draw(st.sampled_from(sorted(PRESETS)))],
    )
    return Wish(
        gig=gig,
        student=draw(st.sampled_from(STUDENTS)),
        hours=draw(st.integers(1, 50)),
        minutes=draw(st.sampled_from([30, 60, 90])),
        fee_on_refund=draw(fees_on_refund()),
    )


class Lessons(RuleBasedStateMachine):
    """A platform with two teachers, two students and no storage."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.bookings: dict[str, Booking] = {}
        self.payments: dict[str, Payment] = {}
        self.refunds: dict[str, Refund] = {}
        self.payouts: dict[str, Payout] = {}
        self.balances = {
            teacher: TeacherBalance.empty(UserId(teacher), USD) for teacher in TEACHERS
        }
        self.entries: dict[str, Entry] = {}
        self.books: dict[str, int] = defaultdict(int)
        self.histories: dict[str, list[BookingStatus]] = defaultdict(list)

    # --- The books -------------------------------------------------------------------------

    def post(self, entry: Entry | None) -> None:
        if entry is not None:
            assert entry.key not in self.entries, f"{entry.key} is booked twice"
            self.entries[entry.key] = entry
            for (account, _), minor in ledger.sum_by_account([entry]).items():
                self.books[account] += minor

    def keep(self, booking: Booking) -> Booking:
        if not self.histories[booking.id] or self.histories[booking.id][-1] != booking.status:
            self.histories[booking.id].append(booking.status)
        self.bookings[booking.id] = evolve(booking, events=())
        return booking

    def credit(self, parts: Mapping[str, Money]) -> dict[str, Taken]:
        taken = {}
        for teacher, amount in parts.items():
            self.balances[teacher], taken[teacher] = self.balances[teacher].credit(amount)
        return taken

    def debit(self, parts: Mapping[str, Money]) -> dict[str, Taken]:
        taken = {}
        for teacher, amount in parts.items():
            self.balances[teacher], taken[teacher] = self.balances[teacher].debit(amount)
        return taken

    # --- Booking ---------------------------------------------------------------------------

    @rule(wish=wishes())
    def book(self, wish: Wish) -> None:
        self.seat(wish)

    @rule(wish=wishes())
    def book_and_pay(self, wish: Wish) -> None:
        gig = evolve(wish.gig, confirmation=Confirmation.INSTANT)
        booking = self.seat(evolve(wish, gig=gig))
        if booking is not None and booking.price:
            self.observe(self.opened(booking), PaymentStatus.SUCCEEDED)

    def seat(self, wish: Wish) -> Booking | None:
        booking = Booking.request(
            id=BookingId(f"bk_{len(self.bookings)}"),
            gig=wish.gig,
            student_id=UserId(wish.student),
            starts_at=self.now + timedelta(hours=wish.hours),
            minutes=wish.minutes,
            fees=a_fee_schedule(),
            fee_on_refund=wish.fee_on_refund,
            rules=RULES,
            at=self.now,
        )
        try:
            must_be_free(booking, wish.gig.capacity, self.bookings.values())
        except SlotTaken:
            return None
        self.keep(evolve(booking, status=BookingStatus.REQUESTED))
        return self.keep(booking)

    @precondition(lambda self: self.those(BookingStatus.REQUESTED))
    @rule(data=st.data(), confirm=st.sampled_from([True, True, True, False]))
    def answer(self, data: st.DataObject, confirm: bool) -> None:
        booking = self.some(data, self.those(BookingStatus.REQUESTED))
        if confirm:
            self.keep(booking.confirm(rules=RULES, at=self.now))
        else:
            self.end(self.keep(booking.decline(at=self.now)))

    @precondition(lambda self: self.those(BookingStatus.CONFIRMED))
    @rule(data=st.data(), by=st.sampled_from(Party), hours=st.integers(1, 48))
    def move(self, data: st.DataObject, by: Party, hours: int) -> None:
        booking = self.some(data, self.those(BookingStatus.CONFIRMED))
        other = Party.TEACHER if by is Party.STUDENT else Party.STUDENT
        try:
            moved = booking.propose_reschedule(
                self.now + timedelta(hours=hours), by=by, at=self.now
            ).accept_reschedule(by=other, at=self.now)
            must_be_free(moved, 1, self.bookings.values())
        except (BookingStateConflict, InvalidField, SlotTaken):
            return
        self.keep(moved)

    # --- Paying ----------------------------------------------------------------------------

    @precondition(lambda self: self.payable())
    @rule(data=st.data(), pays=st.sampled_from([True, True, False]))
    def open_payment(self, data: st.DataObject, pays: bool) -> None:
        booking = self.some(data, self.payable())
        payment = self.opened(booking)
        if pays:
            self.observe(payment, PaymentStatus.SUCCEEDED)

    def opened(self, booking: Booking) -> Payment:
        payment = Payment.open(
            id=PaymentId(f"pay_{len(self.payments)}"),
            booking_id=booking.id,
            student_id=booking.student_id,
            amount=booking.price,
            discount=dollars(0),
            terms=booking.terms,
            teachers=booking.teachers,
            at=self.now,
        )
        self.payments[payment.id] = payment
        return payment

    def payable(self) -> dict[str, Booking]:
        """Return the bookings for which a payment may be opened."""
        under_way = {one.booking_id for one in self.payments.values() if one.status.is_live}
        return {
            key: booking
            for key, booking in self.those(BookingStatus.CONFIRMED).items()
            if key not in under_way
            and not booking.payment_status.is_settled
            and booking.payment_status is not PaymentState.REFUNDED
        }

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), status=st.sampled_from(REPORTED))
    def hear_of_a_payment(self, data: st.DataObject, status: PaymentStatus) -> None:
        self.observe(self.some(data, self.payments), status)

    def observe(self, payment: Payment, status: PaymentStatus) -> None:
        is_news = status is PaymentStatus.SUCCEEDED and not payment.status.has_succeeded
        seen = Observation(
            status=status,
            captured=payment.amount if status is PaymentStatus.SUCCEEDED else dollars(0),
            gateway_id=f"pi_{payment.id}",
            charge_id=f"ch_{payment.id}",
            read_at=self.now,
        )
        payment = payment.observe(seen)
        if is_news:
            payment = self.place(payment)
        self.payments[payment.id] = evolve(payment, events=())
        self.show(payment)

    def place(self, payment: Payment) -> Payment:
        booking = self.bookings[payment.booking_id or ""]
        if booking.can_be_reseated(self.now) and self.is_free(booking):
            booking = self.keep(booking.reseat(at=self.now))
        try:
            booking.must_be_payable()
        except BookingStateConflict:
            self.post(ledger.payment_in_suspense(payment, self.now))
            payment = payment.placed(Stage.SUSPENSE)
            if payment.refundable:
                payment = self.reserve(payment, payment.refundable, Fault.NONE)
            return payment
        self.post(ledger.payment_succeeded(payment, self.now))
        return payment.placed(Stage.PENDING)

    def is_free(self, booking: Booking) -> bool:
        try:
            must_be_free(booking, 1, self.bookings.values())
        except SlotTaken:
            return False
        return True

    def show(self, payment: Payment) -> None:
        of_booking = [
            other for other in self.payments.values() if other.booking_id == payment.booking_id
        ]
        if not speaks_for_booking(payment, of_booking[::-1]):
            return
        booking = self.bookings[payment.booking_id or ""]
        is_processing = payment.status is PaymentStatus.PROCESSING
        self.keep(booking.paid_as(payment.booking_state, at=self.now, is_processing=is_processing))

    # --- Giving back -----------------------------------------------------------------------

    def reserve(
        self, payment: Payment, amount: Money, fault: Fault, keeps: bool = False
    ) -> Payment:
        refund, reduced = Refund.reserve(
            id=RefundId(f"re_{len(self.refunds)}"),
            payment=payment,
            amount=amount,
            reason="",
            fault=fault,
            cause=RefundCause.MANUAL,
            requested_by=None,
            teacher_keeps=keeps,
            at=self.now,
        )
        debits = self.debit(self.legs(payment, refund)) if payment.stage is Stage.EARNED else {}
        self.post(ledger.refund_reserved(payment, refund, debits, self.now))
        self.refunds[refund.id] = evolve(refund, events=())
        return reduced

    @staticmethod
    def legs(payment: Payment, refund: Refund) -> dict[str, Money]:
        pairs = zip(payment.shares, refund.legs.teachers, strict=True)
        return {share.teacher_id: leg for share, leg in pairs if leg}

    @precondition(lambda self: any(payment.refundable for payment in self.payments.values()))
    @rule(data=st.data(), fault=st.sampled_from(Fault), keeps=st.booleans())
    def refund_some(self, data: st.DataObject, fault: Fault, keeps: bool) -> None:
        open_ = {key: one for key, one in self.payments.items() if one.refundable}
        payment = self.some(data, open_)
        amount = dollars(data.draw(st.integers(1, payment.refundable.minor)))
        self.payments[payment.id] = self.reserve(payment, amount, fault, keeps)

    @precondition(lambda self: self.refunds)
    @rule(data=st.data(), succeeds=st.booleans())
    def hear_of_a_refund(self, data: st.DataObject, succeeds: bool) -> None:
        refund = self.some(data, self.refunds)
        payment = self.payments[refund.payment_id]
        if refund.status is RefundStatus.RESERVED and succeeds:
            refund = refund.accepted(f"re_gw_{refund.id}", at=self.now)
            if refund.cause is not RefundCause.OWED:
                payment = payment.refund_accepted(refund.amount, at=self.now)
        elif refund.status is RefundStatus.PENDING and succeeds:
            refund = refund.succeeded(at=self.now)
            self.post(ledger.refund_confirmed(refund, self.now))
        elif refund.status is not RefundStatus.FAILED and not succeeds:
            payment, refund = self.fail(payment, refund)
        self.refunds[refund.id] = evolve(refund, events=())
        self.payments[payment.id] = payment
        self.show(payment)

    def fail(self, payment: Payment, refund: Refund) -> tuple[Payment, Refund]:
        was_accepted = refund.status is RefundStatus.PENDING
        refund = refund.failed("declined", at=self.now)
        if refund.has_succeeded:
            self.post(ledger.refund_returned(refund, self.now))
        elif refund.cause is RefundCause.OWED:
            self.post(ledger.owed_refund_released(refund, self.now))
            owed = self.refunds[refund.settles or ""]
            self.refunds[owed.id] = evolve(owed, is_owed=True)
        else:
            is_earned = payment.stage is Stage.EARNED
            parts = self.credit(self.legs(payment, refund)) if is_earned else {}
            self.post(ledger.refund_released(payment, refund, parts, self.now))
            payment = payment.refund_released(
                refund.amount, refund.legs, was_accepted=was_accepted, at=self.now
            )
        return payment, refund

    @precondition(lambda self: any(refund.is_owed for refund in self.refunds.values()))
    @rule(data=st.data(), by_hand=st.booleans())
    def settle_what_is_owed(self, data: st.DataObject, by_hand: bool) -> None:
        owed = self.some(data, {key: one for key, one in self.refunds.items() if one.is_owed})
        if f"owed_paid:{owed.id}" in self.entries:
            return
        self.refunds[owed.id] = owed.settled(at=self.now)
        if by_hand:
            self.post(ledger.owed_paid_by_hand(owed, self.now))
            return
        again = owed.settling(
            id=RefundId(f"re_{len(self.refunds)}"), requested_by=None, at=self.now
        )
        self.post(ledger.owed_refund_reserved(again, self.now))
        self.refunds[again.id] = evolve(again, events=())

    # --- Ending ----------------------------------------------------------------------------

    @precondition(lambda self: self.ready())
    @rule(data=st.data(), by=st.sampled_from(Party))
    def cancel(self, data: st.DataObject, by: Party) -> None:
        booking = self.some(data, self.ready())
        try:
            self.end(self.keep(booking.cancel(by=by, reason="", at=self.now)))
        except BookingNotCancellable:
            assert self.now >= booking.period.end

    @precondition(lambda self: self.ready())
    @rule(data=st.data(), how=st.sampled_from([None, None, Party.STUDENT, Party.TEACHER]))
    def let_it_take_place(self, data: st.DataObject, how: Party | None) -> None:
        booking = self.some(data, self.ready())
        self.wait_until(booking.period.end)
        booking = self.bookings[booking.id]
        if booking.status is not BookingStatus.CONFIRMED:
            return
        if how is not None:
            missed = booking.report_no_show(how, by=Party.PLATFORM, at=self.now)
            self.end(self.keep(missed.settled()))
        elif booking.payment_status.is_settled:
            self.end(self.keep(booking.complete(at=self.now)))

    def ready(self) -> dict[str, Booking]:
        """Return confirmed bookings, those that are paid first of all."""
        confirmed = self.those(BookingStatus.CONFIRMED)
        paid = {key: one for key, one in confirmed.items() if one.payment_status.is_settled}
        return paid or confirmed

    @precondition(lambda self: self.bookings)
    @rule(data=st.data())
    def try_what_is_not_allowed(self, data: st.DataObject) -> None:
        booking = self.some(data, self.bookings)
        steps: tuple[Callable[[], Booking], ...] = (
            lambda: booking.confirm(rules=RULES, at=self.now),
            lambda: booking.decline(at=self.now),
            lambda: booking.cancel(by=Party.PLATFORM, reason="", at=self.now),
            lambda: booking.complete(at=self.now),
            lambda: booking.report_no_show(Party.STUDENT, by=Party.PLATFORM, at=self.now),
        )
        for step in steps if booking.status in FINAL else ():
            with pytest.raises(BookingStateConflict):
                step()

    @rule(passed=st.sampled_from([1, 20, 60, 60 * 24]))
    def wait(self, passed: int) -> None:
        self.wait_until(self.now + timedelta(minutes=passed))

    def wait_until(self, at: datetime) -> None:
        self.now = max(self.now, at)
        for booking in list(self.bookings.values()):
            ended = booking.on_deadline(at=self.now)
            if ended is not booking:
                self.end(self.keep(ended))

    def end(self, booking: Booking) -> None:
        assert booking.outcome is not None
        for payment in list(self.payments.values()):
            if payment.booking_id != booking.id:
                continue
            if payment.status.is_live:
                self.payments[payment.id] = payment.begin_cancel(at=self.now)
            elif payment.stage is Stage.PENDING:
                self.payments[payment.id] = self.settle(booking, payment)

    def settle(self, booking: Booking, payment: Payment) -> Payment:
        assert booking.outcome is not None
        due = due_back(booking, payment, booking.outcome, self.now)
        if due:
            payment = self.reserve(payment, due, FAULT_OF[booking.outcome])
        left = [(share.teacher_id, share.remaining) for share in payment.shares]
        parts = self.credit({teacher: amount for teacher, amount in left if amount})
        self.post(ledger.lesson_ended(payment, parts, self.now))
        return payment.placed(Stage.EARNED)

    # --- Paying out ------------------------------------------------------------------------

    @rule(data=st.data(), teacher=st.sampled_from(TEACHERS))
    def pay_out(self, data: st.DataObject, teacher: str) -> None:
        payable = self.balances[teacher].payable
        if not payable:
            return
        amount = dollars(data.draw(st.integers(1, payable.minor)))
        payout = Payout(
            id=PayoutId(f"po_{len(self.payouts)}"),
            teacher_id=UserId(teacher),
            amount=amount,
            method=PayoutMethod.STRIPE,
            status=PayoutStatus.IN_TRANSIT,
            reversed=dollars(0),
            created_at=self.now,
            updated_at=self.now,
        )
        self.balances[teacher] = self.balances[teacher].send(amount, at=self.now)
        self.post(ledger.payout_reserved(payout, self.now))
        self.payouts[payout.id] = payout

    @precondition(lambda self: self.payouts)
    @rule(data=st.data(), lands=st.booleans())
    def hear_of_a_payout(self, data: st.DataObject, lands: bool) -> None:
        payout = self.some(data, self.payouts)
        balance = self.balances[payout.teacher_id]
        if payout.status is PayoutStatus.IN_TRANSIT and lands:
            self.post(ledger.payout_done(payout, self.now))
            self.balances[payout.teacher_id] = balance.sent(payout.amount)
            self.payouts[payout.id] = payout.paid(at=self.now)
        elif payout.status is PayoutStatus.IN_TRANSIT:
            self.balances[payout.teacher_id], credit = balance.bounced(payout.amount)
            self.post(ledger.payout_failed(payout, credit, self.now))
            self.payouts[payout.id] = payout.failed("closed", at=self.now)
        elif payout.status is PayoutStatus.PAID:
            in_all = dollars(data.draw(st.integers(0, payout.amount.minor)))
            payout, more = payout.reversed_up_to(in_all, at=self.now)
            if more:
                self.balances[payout.teacher_id], credit = balance.pulled_back(more)
                self.post(ledger.transfer_reversed(payout, more, credit, self.now))
            self.payouts[payout.id] = payout

    def those(self, status: BookingStatus) -> dict[str, Booking]:
        return {key: one for key, one in self.bookings.items() if one.status is status}

    @staticmethod
    def some(data: st.DataObject, among: Mapping[str, T]) -> T:
        return among[data.draw(st.sampled_from(sorted(among)))]

    # --- What always holds -----------------------------------------------------------------

    @invariant()
    def all_accounts_sum_to_zero(self) -> None:
        assert sum(self.books.values()) == 0

    @invariant()
    def liabilities_and_receivables_have_their_sign(self) -> None:
        for account, minor in self.books.items():
            kind = account.split(":")[0]
            if kind in {"receivable", "clearing", "goodwill"}:
                assert minor >= 0, account
            elif kind != "cash":
                assert minor <= 0, account

    @invariant()
    def the_stored_balances_are_those_of_the_books(self) -> None:
        for teacher, balance in self.balances.items():
            assert -self.books[f"payable:{teacher}"] == balance.payable.minor
            assert self.books[f"receivable:{teacher}"] == balance.receivable.minor
            assert not (balance.payable and balance.receivable)
        in_flight = sum(
            payout.amount.minor
            for payout in self.payouts.values()
            if payout.status is PayoutStatus.IN_TRANSIT
        )
        assert in_flight == sum(balance.in_flight.minor for balance in self.balances.values())

    @invariant()
    def pending_is_what_open_lessons_still_owe(self) -> None:
        owed: dict[str, int] = defaultdict(int)
        for payment in self.payments.values():
            if payment.stage is not Stage.PENDING:
                continue
            owed[f"fee_deferred:{payment.booking_id}"] -= payment.fee_remaining.minor
            for share in payment.shares:
                owed[f"pending:{payment.booking_id},{share.teacher_id}"] -= share.remaining.minor
        booked = {
            account: minor
            for account, minor in self.books.items()
            if minor and account.startswith(("pending:", "fee_deferred:"))
        }
        assert booked == {account: minor for account, minor in owed.items() if minor}

    @invariant()
    def what_is_set_aside_is_in_refunding_or_owed(self) -> None:
        under_way = total(
            (
                refund.amount
                for refund in self.refunds.values()
                if refund.status in {RefundStatus.RESERVED, RefundStatus.PENDING}
            ),
            USD,
        )
        refunding = sum(
            minor for account, minor in self.books.items() if account.startswith("refunding")
        )
        assert -refunding == under_way.minor
        owed = total((refund.amount for refund in self.refunds.values() if refund.is_owed), USD)
        booked = sum(minor for account, minor in self.books.items() if account.startswith("owed"))
        assert -booked == owed.minor

    @invariant()
    def live_slots_are_disjoint(self) -> None:
        live = [one for one in self.bookings.values() if one.status.holds_its_slot]
        for index, one in enumerate(live):
            for other in live[index + 1 :]:
                if not (set(one.people) & set(other.people) and one.period.overlaps(other.period)):
                    continue
                assert one.gig_id == other.gig_id
                assert one.gig_id.endswith("_2")
                assert one.period == other.period
                assert one.student_id != other.student_id

    @invariant()
    def every_history_is_a_path_of_the_graph(self) -> None:
        for history in self.histories.values():
            for before, to in pairwise(history):
                assert to in EDGES[before]
                assert before not in FINAL or (before, to) == (
                    BookingStatus.EXPIRED,
                    BookingStatus.CONFIRMED,
                )

    @invariant()
    def nobody_pays_more_than_once_for_what_took_place(self) -> None:
        for booking in self.bookings.values():
            kept = [
                payment
                for payment in self.payments.values()
                if payment.booking_id == booking.id
                and payment.stage in {Stage.PENDING, Stage.EARNED}
            ]
            assert len(kept) <= 1
            for payment in kept:
                assert payment.captured == booking.price


TestLessons = Lessons.TestCase
TestLessons.settings = settings(stateful_step_count=40)
