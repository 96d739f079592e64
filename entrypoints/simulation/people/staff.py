"""What staff do: refund, set fees, settle by hand what came back, look at webhooks again."""

from domain.bookings import BookingStatus
from domain.earnings import PayoutMethod, PayoutStatus
from domain.money import Money
from domain.policies import Fault
from entrypoints.http.controllers import bookings, earnings, operations, payments, people
from entrypoints.simulation.client import Body
from entrypoints.simulation.people.person import STAFF, Person, habit


@habit(STAFF, weight=4)
def refunds_a_payment(me: Person) -> None:
    payment = me.market.one_of([each for each in me.payments() if each.status.has_succeeded])
    if payment is None:
        return
    body: Body = {"reason": "Goodwill", "fault": me.market.chance.choice(tuple(Fault))}
    if me.happens(0.7):
        cents = me.market.chance.randint(1, payment.amount.minor)
        body["amount"] = str(Money(cents, payment.amount.currency))
    if me.happens(0.3):
        body["teacher_keeps"] = True
    me.ask(payments.refund_payment, body, payment_id=payment.id)


@habit(STAFF, weight=2)
def settles_what_a_bank_returned(me: Person) -> None:
    refund = me.market.one_of([each for each in me.refunds() if each.is_owed])
    if refund is None:
        return
    if me.happens(0.5):
        me.ask(payments.retry_refund, {}, refund_id=refund.id)
    else:
        me.ask(payments.mark_refund_paid, {"reference": "wire 7"}, refund_id=refund.id)


@habit(STAFF, weight=2)
def pays_a_teacher_by_hand(me: Person) -> None:
    balance = me.market.one_of(me.market.witness.mirror.all("balances"))
    if balance is None:
        return
    me.ask(
        earnings.request_payout,
        {
            "teacher_id": balance.teacher_id,
            "currency": balance.currency.code,
            "method": me.market.chance.choice(("manual", "manual", "stripe")),
        },
    )


@habit(STAFF, weight=2)
def records_that_a_teacher_was_paid(me: Person) -> None:
    waiting = [
        payout
        for payout in me.market.witness.mirror.all("payouts")
        if payout.method is PayoutMethod.MANUAL and payout.status is not PayoutStatus.PAID
    ]
    payout = me.market.one_of(waiting)
    if payout is not None:
        me.ask(earnings.mark_payout_paid, {"reference": "wire 9"}, payout_id=payout.id)


@habit(STAFF, weight=1)
def lets_a_webhook_be_looked_at_again(me: Person) -> None:
    delivery = me.market.one_of(me.market.witness.mirror.all("inbox"))
    if delivery is not None:
        me.ask(operations.replay_webhook_event, event_id=delivery.id)


@habit(STAFF, weight=1)
def calls_a_lesson_off_for_the_platform(me: Person) -> None:
    confirmed = [
        booking
        for booking in me.market.witness.mirror.all("bookings")
        if booking.status is BookingStatus.CONFIRMED
    ]
    booking = me.market.one_of(confirmed)
    if booking is not None:
        me.ask(bookings.cancel_booking, {"reason": "A strike"}, booking_id=booking.id)


@habit(STAFF, weight=1)
def agrees_on_another_fee(me: Person) -> None:
    teachers = [user for user in me.market.witness.mirror.all("users") if user.role == "teacher"]
    teacher = me.market.one_of(teachers)
    if teacher is not None:
        points = me.market.chance.choice((0, 1_000, 1_250, 10_000, None))
        me.ask(people.set_teacher_fee, {"fee_basis_points": points}, user_id=teacher.id)
