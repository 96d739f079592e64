"""Months of a school, written straight into a database, consistent to the cent.

Values are real ones and become rows through the real mappers; entries are those of the ledger's own
postings, sealed in their order. Only the use cases are left out.

Time goes in rounds of two hours in which each teacher gives one lesson. It was paid `AHEAD` rounds
before, and its money is paid out `HELD` rounds after: so what is open is as much in a small school
as in one with a long past.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import datetime, timedelta

from attrs import define, evolve, field

from adapters.sql import tables
from adapters.sql.rows import bookings as booking_rows
from adapters.sql.rows import payments as payment_rows
from adapters.sql.rows.earnings import balance_to_row, line_to_row, payout_to_row
from adapters.sql.rows.gigs import gig_to_row
from adapters.sql.rows.people import user_to_row
from adapters.sql.rows.records import delivery_to_row, event_to_row
from adapters.sql.rows.refunds import refund_to_row
from application.effects import EffectKind
from application.ports.records import DeliveryState
from domain import ledger
from domain.bookings import Booking, BookingStatus, PaymentState
from domain.earnings import EarningKind, EarningLine, Payout, PayoutStatus, TeacherBalance
from domain.events import PaymentSucceeded
from domain.ids import BookingId, GigId, RefundId, UserId
from domain.money import Money
from domain.payments import Payment, Stage
from domain.policies import Fault, Outcome
from domain.refunds import Refund, RefundCause
from domain.time import period_of
from tests.bench.writing import Writing, name
from tests.builders import (
    a_balance,
    a_booking,
    a_delivery,
    a_gig,
    a_line,
    a_paid_payment,
    a_payout,
    a_student,
    a_teacher,
    an_admin,
    dollars,
    teachings,
)

TEACHERS = 100
STUDENTS = 1_000
AHEAD, HELD = 36, 24
PAYOUT_EVERY = 12
"""In rounds."""
GATEWAY_FEE = 320

BODY = (
    b'{"id":"evt_%s","object":"event","type":"payment_intent.succeeded","livemode":false,'
    b'"data":{"object":{"id":"pi_%s","object":"payment_intent","amount":10000,"currency":"usd",'
    b'"status":"succeeded","description":"%s"}}}'
)
"""About as long as what Stripe sends."""


@define
class Lesson:
    """A lesson ahead, and what it will need when it is over."""

    number: int
    booking: Booking
    payment: Payment
    refund: Refund | None = None


@define
class School:
    """Writes lessons in the order of time."""

    out: Writing
    cash: int = 0
    """What the gateway holds of it all."""
    lines: int = 0
    payouts: int = 0
    balances: dict[UserId, TeacherBalance] = field(factory=dict)
    ended: deque[tuple[int, UserId, EarningLine]] = field(factory=deque)
    """Lines that no payout carries yet, and the round in which their lesson ended."""

    # --- People --------------------------------------------------------------------------------

    def found(self) -> None:
        """Write who there is, and what they offer."""
        people = [a_student(name("usr", number)) for number in range(STUDENTS)]
        people += [a_teacher(name("usr", STUDENTS + number)) for number in range(TEACHERS)]
        self.out.rows.add(tables.users, *(user_to_row(user) | {"version": 1} for user in people))
        self.out.rows.add(tables.users, user_to_row(an_admin()) | {"version": 1})
        for number in range(TEACHERS):
            gig = a_gig(name("gig", number), teachers=teachings(self.teacher(number)))
            self.out.rows.add(tables.gigs, gig_to_row(gig) | {"version": 1})
            self.balances[self.teacher(number)] = a_balance(self.teacher(number))

    def teacher(self, number: int) -> UserId:
        """Return the teacher of a lesson."""
        return UserId(name("usr", STUDENTS + number % TEACHERS))

    # --- Lessons -------------------------------------------------------------------------------

    def pay(self, number: int) -> Lesson:
        """Book a lesson and pay it; one in seven gets something back at once."""
        at = self.out.at(number // TEACHERS)
        starts_at = at + timedelta(hours=2 * AHEAD)
        teacher, student = self.teacher(number), UserId(name("usr", number % STUDENTS))
        booking = evolve(
            a_booking(payment_status=PaymentState.PAID),
            id=BookingId(self.out.id("bk", number)),
            gig_id=GigId(name("gig", number % TEACHERS)),
            student_id=student,
            teachers=teachings(teacher),
            period=period_of(starts_at, 60),
            notice_from=starts_at,
            completes_at=starts_at + timedelta(hours=25),
            created_at=at,
            updated_at=at,
            version=3,
        )
        id_ = self.out.id("pay", number)
        payment = a_paid_payment(
            id_,
            booking_id=booking.id,
            student_id=student,
            teachers=(teacher,),
            gateway_id=f"pi_{id_[4:]}",
            charge_id=f"ch_{id_[4:]}",
            gateway_fee_booked=True,
            created_at=at,
            updated_at=at,
            version=4,
        )
        self._book_payment(payment, number, at)
        lesson = Lesson(number=number, booking=booking, payment=payment)
        if number % 7 == 3:
            self._give_back(lesson, dollars(3_000), RefundCause.MANUAL, at)
        return lesson

    def _book_payment(self, payment: Payment, number: int, at: datetime) -> None:
        charge = str(payment.charge_id)
        self.out.post(ledger.payment_succeeded(payment, at))
        settled = f"charge_settled:txn_{charge[3:]}"
        fee = dollars(GATEWAY_FEE)
        self.out.post(ledger.charge_settled(charge, payment.captured, fee, settled, at))
        self.out.did(
            EffectKind.CREATE_PAYMENT,
            payment.id,
            str(payment.gateway_id),
            at,
            self.out.id("op", number),
        )
        self.cash += payment.captured.minor - GATEWAY_FEE
        body = BODY % (charge[3:].encode(), charge[3:].encode(), b"Piano for beginners. " * 30)
        delivery = a_delivery(
            f"evt_{charge[3:]}",
            object_id=payment.gateway_id,
            payment=payment.gateway_id,
            state=DeliveryState.APPLIED,
            next_try_at=None,
            body=body,
            received_at=at,
            version=2,
        )
        self.out.rows.add(tables.deliveries, delivery_to_row(delivery))
        event = event_to_row(
            self.out.id("msg", number), PaymentSucceeded(payment=payment.id, at=at)
        )
        self.out.rows.add(tables.outbox, event | {"is_done": True})

    def end(self, lesson: Lesson) -> None:
        """End a lesson: one in eleven is called off by its teacher, the others take place."""
        at = lesson.booking.period.end
        if lesson.number % 11 == 5:
            left = lesson.payment.refundable
            self._give_back(lesson, left, RefundCause.CANCELLATION, at, Fault.TEACHER)
            status, outcome = BookingStatus.CANCELLED, Outcome.CANCELLED_BY_TEACHER
        else:
            status, outcome = BookingStatus.COMPLETED, Outcome.COMPLETED
        (share,) = lesson.payment.shares
        balance = self.balances[share.teacher_id]
        self.balances[share.teacher_id], taken = balance.credit(share.remaining)
        self.out.post(ledger.lesson_ended(lesson.payment, {share.teacher_id: taken}, at))
        lesson.payment = lesson.payment.placed(Stage.EARNED)
        lesson.booking = evolve(
            lesson.booking,
            status=status,
            outcome=outcome,
            payment_status=lesson.payment.booking_state,
            updated_at=at,
        )
        for line in self._statement(lesson):
            held = evolve(line, available_at=at + timedelta(hours=2 * HELD))
            self.ended.append((lesson.number // TEACHERS + AHEAD, share.teacher_id, held))
        self._write(lesson)

    def leave_ahead(self, lesson: Lesson) -> None:
        """Write a lesson that has not taken place yet."""
        lesson.booking = evolve(lesson.booking, payment_status=lesson.payment.booking_state)
        self._write(lesson)
        self.out.rows.add(tables.earning_lines, *map(line_to_row, self._statement(lesson)))

    def _write(self, lesson: Lesson) -> None:
        booking, payment = lesson.booking, lesson.payment
        self.out.rows.add(tables.bookings, booking_rows.booking_to_row(booking))
        self.out.rows.add(tables.booking_teachers, *booking_rows.teacher_rows(booking))
        self.out.rows.add(tables.payments, payment_rows.payment_to_row(payment))
        self.out.rows.add(tables.payment_teachers, *payment_rows.teacher_rows(payment))

    def _give_back(
        self,
        lesson: Lesson,
        amount: Money,
        cause: RefundCause,
        at: datetime,
        fault: Fault = Fault.NONE,
    ) -> None:
        before = lesson.payment
        self.lines += 1
        number = self.lines
        refund, payment = Refund.reserve(
            id=RefundId(self.out.id("re", number)),
            payment=before,
            amount=amount,
            reason="A favour.",
            fault=fault,
            cause=cause,
            requested_by=None,
            at=at,
        )
        self.out.post(ledger.refund_reserved(before, refund, {}, at))
        made = f"re_{payment.id[4:]}{number:x}"
        lesson.payment = evolve(payment.refund_accepted(amount, at=at), events=())
        refund = evolve(refund.accepted(made, at=at).succeeded(at=at), events=(), version=3)
        self.out.post(ledger.refund_confirmed(refund, at))
        self.out.did(
            EffectKind.CREATE_REFUND, refund.id, made, at, self.out.id("op", 2**31 + number)
        )
        self.cash -= amount.minor
        self.out.rows.add(tables.refunds, refund_to_row(refund))

    def _statement(self, lesson: Lesson) -> Iterator[EarningLine]:
        (share,) = lesson.payment.shares
        for kind, amount in (
            (EarningKind.LESSON, share.agreed),
            (EarningKind.REFUND, -share.reversed),
        ):
            if amount:
                self.lines += 1
                yield a_line(
                    self.out.id("ern", self.lines),
                    amount=amount,
                    kind=kind,
                    teacher_id=share.teacher_id,
                    booking_id=lesson.booking.id,
                    payment_id=lesson.payment.id,
                    at=lesson.booking.created_at,
                    available_at=None,
                    version=2,
                )

    # --- Payouts -------------------------------------------------------------------------------

    def pay_out(self, now: int) -> None:
        """Pay every teacher what was held long enough."""
        carried: defaultdict[UserId, list[EarningLine]] = defaultdict(list)
        while self.ended and self.ended[0][0] + HELD <= now:
            _, teacher, line = self.ended.popleft()
            carried[teacher].append(line)
        for teacher, lines in carried.items():
            amount = dollars(sum(line.amount.minor for line in lines))
            self._pay_out_to(teacher, amount, lines, self.out.at(now))

    def _pay_out_to(
        self, teacher: UserId, amount: Money, lines: list[EarningLine], at: datetime
    ) -> None:
        if not amount:
            self.out.rows.add(tables.earning_lines, *map(line_to_row, lines))
            return
        self.payouts += 1
        id_ = self.out.id("po", self.payouts)
        payout: Payout = a_payout(
            id_,
            PayoutStatus.PAID,
            amount=amount,
            teacher_id=teacher,
            gateway_id=f"tr_{id_[3:]}",
            created_at=at,
            updated_at=at,
            version=2,
        )
        self.out.post(ledger.payout_reserved(payout, at))
        self.out.post(ledger.payout_done(payout, at))
        sent = self.balances[teacher].send(amount, at=at).sent(amount)
        self.balances[teacher] = sent
        self.out.did(
            EffectKind.CREATE_TRANSFER,
            payout.id,
            str(payout.gateway_id),
            at,
            self.out.id("op", 3 * 2**30 + self.payouts),
        )
        self.cash -= amount.minor
        self.out.rows.add(tables.payouts, payout_to_row(payout))
        on_it = (line_to_row(evolve(line, payout_id=payout.id)) for line in lines)
        self.out.rows.add(tables.earning_lines, *on_it)

    def close(self) -> None:
        """Write what is left to be paid out, the balances, and the head of the chain."""
        self.out.rows.add(tables.earning_lines, *(line_to_row(line) for _, _, line in self.ended))
        rows = (balance_to_row(balance) | {"version": 1} for balance in self.balances.values())
        self.out.rows.add(tables.teacher_balances, *rows)
        self.out.rows.add(
            tables.ledger_head, {"id": 1, "position": self.out.seq, "seal": self.out.previous}
        )
        self.out.rows.flush()

    def term(self, lessons: int, *, is_over: bool) -> None:
        """Let so many lessons be booked; if it is over, each has ended and is paid out."""
        ahead: deque[Lesson] = deque()
        for number in range(lessons):
            ahead.append(self.pay(number))
            while ahead[0].number + (AHEAD + 1) * TEACHERS <= number:
                self.end(ahead.popleft())
            if number % (TEACHERS * PAYOUT_EVERY) == 0:
                self.pay_out(number // TEACHERS)
        for lesson in ahead:
            if is_over:
                self.end(lesson)
            else:
                self.leave_ahead(lesson)
        if is_over:
            self.pay_out(rounds(lessons))
        self.out.rows.flush()


def rounds(lessons: int) -> int:
    """Return how long a term lasts until all of it is paid out."""
    return lessons // TEACHERS + AHEAD + HELD + PAYOUT_EVERY
