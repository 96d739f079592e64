"""Random days of a small school, through the one door: whatever happens, the books hold.

Students, teachers and staff book, pay, cancel, refund, complete, move and complain in any order,
cards decline, banks change their mind, webhooks come twice and backwards. What a rule refuses is
refused; after each step the invariants must hold, and when all has settled, our cash is the
gateway's, and nothing was done twice.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, MutableMapping, Sequence
from datetime import timedelta
from itertools import combinations
from typing import Any, NoReturn, TypeVar

import pytest
import structlog
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from application.bookings import (
    AcceptReschedule,
    BookGig,
    CancelBooking,
    CompleteBooking,
    ConfirmBooking,
    DeclineBooking,
    DeclineReschedule,
    ProposeReschedule,
    QuoteBooking,
    ReportNoShow,
)
from application.cards import AddCard
from application.commands import Actor, Command
from application.earnings import MarkPayoutPaid, RequestPayout
from application.payments import ConfirmPayment, CreatePaymentIntent, ProcessPayment
from application.ports.gateway import GatewayPaymentStatus, GatewayRefused
from application.ports.storage import Views
from application.ports.test_mode import FaultKind
from application.refunds import MarkOwedPaid, RefundPayment, RetryOwedRefund
from application.webhooks import ReceiveWebhook
from domain.bookings import EDGES, Booking, BookingStatus, Party
from domain.earnings import PayoutMethod
from domain.errors import DomainError
from domain.gigs import Confirmation, Teaching
from domain.ids import BookingId
from domain.money import total
from domain.payments import Payment, Stage
from domain.policies import Fault
from domain.quotes import Quote
from domain.refunds import RefundCause, RefundStatus
from tests.builders import USD, after
from tests.market import Market, the_id

T = TypeVar("T")

PICK = st.integers(0, 10_000)
"""Choose one of what is there by then."""

TOKENS = st.sampled_from(
    [
        "pm_card_visa",
        "pm_card_visa",
        "pm_card_chargeCustomerFail",
        "pm_card_authenticationRequired",
        "pm_card_pendingRefund",
        "pm_card_refundFail",
        "pm_usBankAccount_success",
        "pm_usBankAccount_insufficientFunds",
    ]
)
GATEWAY_METHODS = st.sampled_from(
    ["create_payment", "confirm_payment", "cancel_payment", "create_refund", "create_transfer"]
)
ONE_SHOT_FAULTS = st.sampled_from(
    [
        FaultKind.LOST_ANSWER,
        FaultKind.LOST_REQUEST,
        FaultKind.ERROR_NOW,
        FaultKind.RATE_LIMITED,
        FaultKind.LATE_SETTLEMENT,
        FaultKind.REFUND_FAILS,
    ]
)

complaints: list[str] = []
"""What was logged as an error: a worker that stumbled has met a bug."""


def _complain(_: object, __: str, event: MutableMapping[str, Any]) -> NoReturn:
    complaints.append(str(event))
    raise structlog.DropEvent


@pytest.fixture(autouse=True)
def _only_complaints() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        processors=[_complain],
    )
    yield
    structlog.configure(**before)


def reachable(start: BookingStatus) -> set[BookingStatus]:
    """Return the statuses to which the graph leads; several steps may lie between two looks."""
    found, waiting = {start}, [start]
    while waiting:
        fresh = EDGES[waiting.pop()] - found
        found |= fresh
        waiting.extend(fresh)
    return found


REACHABLE = {status: reachable(status) for status in BookingStatus}


class School(RuleBasedStateMachine):
    """Two teachers, three students, one member of staff, and four gigs."""

    @initialize(
        fee_on_refund=st.sampled_from(["proportional", "kept", "kept:30", "absorbed"]),
        policy=st.sampled_from(["flexible", "moderate", "strict"]),
    )
    def open(self, fee_on_refund: str, policy: str) -> None:
        complaints.clear()
        self.market = market = Market(
            settings={
                "TUITION_FEE_ON_REFUND": fee_on_refund,
                "TUITION_CANCELLATION_POLICY": policy,
            }
        )
        self.admin = market.admin()
        self.students = [market.student(name) for name in ("sam", "olga", "nils")]
        tina, tom = market.teacher("tina", has_account=True), market.teacher("tom")
        self.teachers = [tina, tom]
        both = (Teaching(the_id(tina), 2), Teaching(the_id(tom), 1))
        self.gigs = [
            market.gig(tina),
            market.gig(tom, hourly_rate="33.33", confirmation=Confirmation.TEACHER),
            market.gig(tina, capacity=2, hourly_rate="10.01"),
            market.gig(tina, teachers=both, hourly_rate="99.99"),
        ]
        self.seen: dict[BookingId, BookingStatus] = {}
        # Days in the middle of a term: there are lessons already, paid and unpaid.
        for number, gig in enumerate(self.gigs * 2):
            student = self.students[number % 3]
            booking = market.book(student, gig, starts_at=after(hours=30 + 7 * number))
            if number == 1:
                market.confirm(tom, booking)
            if number in {0, 1, 2, 3, 6}:
                market.pay(
                    student, booking, "pm_card_refundFail" if number == 6 else "pm_card_visa"
                )

    # --- Shorthands ------------------------------------------------------------------------

    def attempt(self, command: Command[T], actor: Actor) -> T | None:
        """Do it, unless a rule refuses; anything else that is raised is a bug."""
        try:
            return self.market.do(command, actor)
        except DomainError:
            return None

    def everything(self, name: str) -> list[Any]:
        found = self.market.storage.read(lambda views: list(getattr(views.everything, name)()))
        return sorted(found, key=lambda one: one.id)

    def one(self, of: Sequence[T], pick: int) -> T | None:
        # The newest first, so that small numbers stay with what a shrunk story is about.
        return of[-1 - pick % len(of)] if of else None

    def some_booking(self, pick: int, *likely: BookingStatus) -> Booking | None:
        """Return a booking, most often one in a likely status, the one that begins first."""
        found: list[Booking] = self.everything("bookings")
        fitting = [one for one in found if one.status in likely and pick % 7]
        fitting.sort(key=lambda one: one.period.start, reverse=True)
        return self.one(fitting or found, pick)

    def some_unpaid_booking(self, pick: int) -> Booking | None:
        """Return a booking, most often one that waits for money."""
        found: list[Booking] = self.everything("bookings")
        fitting = [
            one
            for one in found
            if one.status is BookingStatus.CONFIRMED and not one.payment_status.is_settled
        ]
        return self.one(fitting if fitting and pick % 7 else found, pick)

    def some_payment(self, pick: int) -> Payment | None:
        return self.one(self.everything("payments"), pick)

    def people_of(self, booking: Booking) -> list[Actor]:
        sides = (
            *(one for one in self.students if one.user_id == booking.student_id),
            *(one for one in self.teachers if booking.is_taught_by(one.user_id)),
        )
        return [*sides, self.admin]

    def student_of(self, booking: Booking) -> Actor:
        return self.people_of(booking)[0]

    # --- Booking ---------------------------------------------------------------------------

    @rule(who=PICK, gig=PICK, in_hours=st.integers(1, 96), minutes=st.sampled_from([30, 60, 90]))
    def book(self, who: int, gig: int, in_hours: int, minutes: int) -> None:
        start = self.market.clock.now() + timedelta(hours=in_hours)
        command = BookGig(gig_id=self.gigs[gig % 4], starts_at=start, minutes=minutes)
        self.attempt(command, self.students[who % 3])

    @rule(who=PICK, gig=PICK, in_hours=st.integers(1, 96), token=TOKENS)
    def book_and_pay(self, who: int, gig: int, in_hours: int, token: str) -> None:
        command = ProcessPayment(
            gig_id=self.gigs[gig % 4],
            starts_at=self.market.clock.now() + timedelta(hours=in_hours),
            minutes=60,
            payment_method_id=token,
        )
        self.attempt(command, self.students[who % 3])

    @rule(pick=PICK, who=PICK, agrees=st.booleans())
    def answer(self, pick: int, who: int, agrees: bool) -> None:
        booking = self.some_booking(pick, BookingStatus.REQUESTED)
        if booking is None:
            return
        kind = ConfirmBooking if agrees else DeclineBooking
        actor = self.one(self.people_of(booking)[1:], who)
        assert actor is not None
        self.attempt(kind(booking_id=booking.id), actor)

    # --- Paying ----------------------------------------------------------------------------

    @rule(pick=PICK, token=TOKENS, asks=st.booleans())
    def pay_in_browser(self, pick: int, token: str, asks: bool) -> None:
        booking = self.some_unpaid_booking(pick)
        if booking is None:
            return
        student = self.student_of(booking)
        opened = self.attempt(CreatePaymentIntent(booking_id=booking.id), student)
        if opened is None:
            return
        gateway_id = self.market.payment(opened.payment_id).gateway_id
        if gateway_id is None:
            return
        try:
            self.market.world.controls.browser.confirm(gateway_id, token)
        except GatewayRefused:
            return  # it was paid or canceled there meanwhile
        if asks:
            self.attempt(ConfirmPayment(payment_id=opened.payment_id), student)

    @rule(pick=PICK, token=TOKENS)
    def charge_a_card(self, pick: int, token: str) -> None:
        booking = self.some_unpaid_booking(pick)
        if booking is not None:
            command = ProcessPayment(booking_id=booking.id, payment_method_id=token)
            self.attempt(command, self.student_of(booking))

    @rule(pick=PICK)
    def charge_the_default_card(self, pick: int) -> None:
        booking = self.some_unpaid_booking(pick)
        if booking is not None:
            student = self.student_of(booking)
            self.attempt(AddCard(payment_method_id="pm_card_visa"), student)
            self.attempt(ProcessPayment(booking_id=booking.id), student)

    @rule(pick=PICK, passes=st.booleans())
    def authenticate(self, pick: int, passes: bool) -> None:
        waiting = [
            payment.id
            for payment in self.market.world.chronicle.payments()
            if payment.status is GatewayPaymentStatus.NEEDS_ACTION
        ]
        payment = self.one(waiting, pick)
        if payment is not None:
            outcome = "succeed" if passes else "fail"
            self.market.world.controls.browser.authenticate(payment, outcome)  # type: ignore[arg-type]

    # --- Ending ----------------------------------------------------------------------------

    @rule(pick=PICK, who=PICK)
    def cancel(self, pick: int, who: int) -> None:
        booking = self.some_booking(pick, BookingStatus.CONFIRMED)
        if booking is None:
            return
        people = self.people_of(booking)
        actor = people[who % len(people)]
        shown = self.attempt(
            QuoteBooking(booking_id=booking.id, outcome=_OUTCOMES[who % len(people) > 0]), actor
        )
        done = self.attempt(CancelBooking(booking_id=booking.id, reason="Ill"), actor)
        if done is not None:
            assert shown is not None
            assert_it_sums(done.quote, self.paid_for(booking.id))
            if actor is not self.admin:
                assert done.quote == shown

    def paid_for(self, booking: BookingId) -> int:
        """Return what was paid for a booking, less what had gone back before its last refund."""
        paid: int = sum(
            payment.captured.minor
            for payment in self.everything("payments")
            if payment.booking_id == booking and payment.stage is Stage.EARNED
        )
        given_back: int = sum(
            refund.amount.minor
            for refund in self.everything("refunds")
            if refund.booking_id == booking
            and refund.cause is RefundCause.MANUAL
            and (refund.status is not RefundStatus.FAILED or refund.has_succeeded)
        )
        return paid - given_back

    @rule(pick=PICK, by_staff=st.booleans(), waits=st.booleans())
    def complete(self, pick: int, by_staff: bool, waits: bool) -> None:
        booking = self.some_booking(pick, BookingStatus.CONFIRMED)
        if booking is None:
            return
        if waits and booking.status is BookingStatus.CONFIRMED:
            left = (booking.period.end - self.market.clock.now()).total_seconds()
            self.market.advance(seconds=max(0.0, left))
        actor = self.people_of(booking)[-1 if by_staff else 1]
        self.attempt(CompleteBooking(booking_id=booking.id), actor)

    @rule(pick=PICK, who=PICK, absent=st.sampled_from([Party.STUDENT, Party.TEACHER]))
    def report_no_show(self, pick: int, who: int, absent: Party) -> None:
        booking = self.some_booking(pick, BookingStatus.CONFIRMED)
        if booking is None:
            return
        if booking.status is BookingStatus.CONFIRMED:
            left = booking.period.start + timedelta(minutes=10) - self.market.clock.now()
            self.market.advance(seconds=max(0.0, left.total_seconds()))
        people = self.people_of(booking)
        command = ReportNoShow(booking_id=booking.id, absent=absent)
        self.attempt(command, people[who % len(people)])

    @rule(pick=PICK, who=PICK, in_hours=st.integers(1, 96), agrees=st.booleans())
    def move(self, pick: int, who: int, in_hours: int, agrees: bool) -> None:
        booking = self.some_booking(pick, BookingStatus.CONFIRMED)
        if booking is None:
            return
        people = self.people_of(booking)
        start = self.market.clock.now() + timedelta(hours=in_hours)
        self.attempt(
            ProposeReschedule(booking_id=booking.id, starts_at=start), people[who % len(people)]
        )
        kind = AcceptReschedule if agrees else DeclineReschedule
        self.attempt(kind(booking_id=booking.id), people[(who + 1) % len(people)])

    # --- Giving back -----------------------------------------------------------------------

    @rule(
        pick=PICK,
        who=PICK,
        percent=st.sampled_from([1, 33, 50, 100, None]),
        fault=st.sampled_from([None, *Fault]),
        keeps=st.booleans(),
    )
    def refund(
        self, *, pick: int, who: int, percent: int | None, fault: Fault | None, keeps: bool
    ) -> None:
        payment = self.some_payment(pick)
        if payment is None:
            return
        sides = [
            *(one for one in self.students if one.user_id == payment.student_id),
            *(one for one in self.teachers if payment.is_received_by(one.user_id)),
            self.admin,
        ]
        actor = sides[who % len(sides)]
        judges = actor is self.admin
        command = RefundPayment(
            payment_id=payment.id,
            amount=None if percent is None else str(payment.refundable.percent(percent)),
            reason="Sorry",
            fault=fault if judges else None,
            teacher_keeps=keeps if judges else None,
        )
        self.attempt(command, actor)

    @rule(pick=PICK, percent=st.sampled_from([10, 100]))
    def refund_in_the_dashboard(self, pick: int, percent: int) -> None:
        payment = self.some_payment(pick)
        if payment is None or payment.gateway_id is None:
            return
        amount = payment.refundable.percent(percent).minor
        if amount and not payment.reserved:
            try:
                self.market.world.outside.refund_payment(payment.gateway_id, amount)
            except GatewayRefused:
                return  # more went back there than our books know by now
            self.market.settle()

    @rule(pick=PICK)
    def let_a_bank_return_a_refund(self, pick: int) -> None:
        refund = self.one(self.market.world.chronicle.refunds(), pick)
        if refund is not None and refund.status != "failed":
            self.market.world.outside.fail_refund(refund.id)

    @rule(pick=PICK, by_hand=st.booleans())
    def settle_what_is_owed(self, pick: int, by_hand: bool) -> None:
        refund = self.one([one for one in self.everything("refunds") if one.is_owed], pick)
        if refund is None:
            return
        if by_hand:
            self.attempt(MarkOwedPaid(refund_id=refund.id, reference="SEPA"), self.admin)
        else:
            self.attempt(RetryOwedRefund(refund_id=refund.id), self.admin)

    # --- Teachers' money -------------------------------------------------------------------

    @rule(who=PICK, by_hand=st.booleans())
    def pay_out(self, who: int, by_hand: bool) -> None:
        teacher = self.teachers[who % 2]
        method = PayoutMethod.MANUAL if by_hand else None
        command = RequestPayout(teacher_id=the_id(teacher), method=method)
        self.attempt(command, self.admin)

    @rule(pick=PICK)
    def note_a_payout_by_hand(self, pick: int) -> None:
        payout = self.one(self.everything("payouts"), pick)
        if payout is not None:
            self.attempt(MarkPayoutPaid(payout_id=payout.id, reference="SEPA"), self.admin)

    @rule(pick=PICK, percent=st.sampled_from([20, 100]))
    def take_a_transfer_back(self, pick: int, percent: int) -> None:
        transfer = self.one(self.market.world.chronicle.transfers(), pick)
        if transfer is not None:
            left = transfer.amount - transfer.reversed
            amount = left * percent // 100
            if amount:
                self.market.world.outside.reverse_transfer(transfer.id, amount)

    # --- Time and the network --------------------------------------------------------------

    @rule(minutes=st.sampled_from([5, 15, 60, 600, 1500, 4400]))
    def let_time_pass(self, minutes: int) -> None:
        self.market.advance(minutes=minutes)

    @rule()
    def let_the_worker_catch_up(self) -> None:
        self.market.wall.advance(timedelta(minutes=5))
        self.market.settle()

    @rule(pick=PICK, under_another_id=st.booleans())
    def tell_something_again(self, pick: int, under_another_id: bool) -> None:
        event = self.one(self.market.world.chronicle.events(), pick)
        if event is None:
            return
        if under_another_id:
            self.market.world.deliveries.tell_again(event.id)
        else:
            self.market.world.deliveries.send_again(event.id)

    @rule()
    def deliver_backwards(self) -> None:
        deliveries = self.market.world.deliveries
        for delivery in reversed(deliveries.pending_deliveries()):
            self.market.do(ReceiveWebhook(body=delivery.body, signature=delivery.signature))
            deliveries.delivered(delivery.id)

    @rule(method=GATEWAY_METHODS, kind=ONE_SHOT_FAULTS)
    def let_the_gateway_stumble(self, method: str, kind: FaultKind) -> None:
        self.market.fault(method, kind, delay_seconds=3600)

    # --- What must always hold -------------------------------------------------------------

    @invariant()
    def no_worker_has_met_a_bug(self) -> None:
        assert complaints == []

    @invariant()
    def the_books_hold(self) -> None:
        self.market.storage.read(self._check_books)

    def _check_books(self, views: Views) -> None:
        books = {account: amount for account, _, amount in views.books.balances()}
        assert sum(books.values()) == 0
        owed: dict[str, int] = defaultdict(int)
        for payment in views.everything.payments():
            assert payment.refunded + payment.reserved + payment.lost <= payment.captured
            if payment.stage is Stage.PENDING:
                owed[f"fee_deferred:{payment.booking_id}"] -= payment.fee_remaining.minor
                for share in payment.shares:
                    account = f"pending:{payment.booking_id},{share.teacher_id}"
                    owed[account] -= share.remaining.minor
        ahead = {
            account: amount
            for account, amount in books.items()
            if account.startswith(("pending:", "fee_deferred:")) and amount
        }
        assert ahead == {account: amount for account, amount in owed.items() if amount}
        for teacher in self.teachers:
            self._check_teacher(views, teacher, books)

    @staticmethod
    def _check_teacher(views: Views, teacher: Actor, books: dict[str, int]) -> None:
        id_ = the_id(teacher)
        for balance in views.people.balances(id_):
            assert not (balance.payable and balance.receivable)
            assert -balance.payable.minor == books.get(f"payable:{id_}", 0)
            assert balance.receivable.minor == books.get(f"receivable:{id_}", 0)
            assert -balance.held.minor == books.get(f"held:{id_}", 0)
            lines = views.people.unpaid_lines(id_, USD)
            ended = total((line.amount for line in lines if line.available_at is not None), USD)
            assert ended == balance.payable + balance.held - balance.receivable

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        live = [one for one in self.everything("bookings") if one.status.holds_its_slot]
        for one, other in combinations(live, 2):
            if not one.period.overlaps(other.period) or not set(one.people) & set(other.people):
                continue
            assert one.gig_id == other.gig_id == self.gigs[2]
            assert one.period == other.period
            assert one.student_id != other.student_id
            seats = [
                each for each in live if (each.gig_id, each.period) == (one.gig_id, one.period)
            ]
            assert len(seats) <= 2

    @invariant()
    def every_booking_goes_its_way(self) -> None:
        for booking in self.everything("bookings"):
            before = self.seen.get(booking.id, BookingStatus.REQUESTED)
            assert booking.status in REACHABLE[before]
            self.seen[booking.id] = booking.status

    def teardown(self) -> None:
        """Let everything settle: then our cash is the gateway's, and nothing was done twice."""
        if not hasattr(self, "market"):
            return
        market = self.market
        market.world.controls.faults.clear_faults()
        for _ in range(3):
            # In all more than a day: so long may the gateway repeat an error under the same key.
            market.wall.advance(timedelta(hours=12))
            market.advance(days=10)
        self.no_worker_has_met_a_bug()
        self.the_books_hold()
        ours = {
            code: amount
            for account, code, amount in market.storage.read(
                lambda views: list(views.books.balances())
            )
            if account == "cash:gateway"
        }
        theirs = {
            code: amount for code, amount in market.world.gateway.books.balances().items() if amount
        }
        assert ours == theirs
        for operation in self.everything("operations"):
            assert len(market.world.chronicle.made_by(operation.id)) <= 1
            assert not operation.state.is_open
        assert market.installation.verification().run().findings == ()
        market.installation.close()


_OUTCOMES = {False: "cancel", True: "teacher_cancel"}


def assert_it_sums(quote: Quote, paid: int) -> None:
    """Check that student + teachers + platform is what was paid."""
    parts = quote.student.minor + quote.platform.minor
    assert parts + sum(part.minor for _, part in quote.teachers) == paid


TestSchool = School.TestCase
TestSchool.settings = settings(
    # A step here is a use case with its worker, not a function: fewer of them, for the same time.
    max_examples=settings().max_examples * 2 // 3,
    stateful_step_count=30,
)
