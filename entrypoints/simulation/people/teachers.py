"""What teachers do: publish, answer, teach, cancel, move lessons, and draw their money."""

from domain.bookings import BookingStatus
from domain.money import Money
from entrypoints.http.controllers import bookings, earnings, gigs, payments
from entrypoints.simulation.client import Body
from entrypoints.simulation.people.person import TEACHERS, Person, habit

RATES = {"usd": ("75.00", "33.33", "10.01", "0.99"), "jpy": ("5000", "777"), "kwd": ("12.340",)}
"""Prices by currency: round ones, awkward ones, and ones near the smallest charge."""


@habit(TEACHERS, weight=1)
def publishes_a_gig(me: Person) -> None:
    if len(me.gigs()) >= 8:
        return
    currency = me.market.chance.choice(tuple(RATES))
    body: Body = {
        "title": f"Lessons with {me.name}",
        "hourly_rate": me.market.chance.choice(RATES[currency]),
        "currency": currency,
        "confirmation": me.market.chance.choice(("instant", "instant", "teacher")),
        "capacity": me.market.chance.choice((1, 1, 1, 3)),
    }
    if me.happens(0.2):
        teachers = {me.id, *(gig.teachers[0].teacher_id for gig in me.gigs())}
        body["teachers"] = [
            {"teacher_id": each, "weight": number + 1}
            for number, each in enumerate(sorted(teachers))
        ]
    me.ask(gigs.publish_gig, body)


@habit(TEACHERS, weight=6)
def answers_a_request(me: Person) -> None:
    booking = me.market.one_of(me.bookings(BookingStatus.REQUESTED))
    if booking is not None:
        agrees = me.happens(0.8)
        answer = bookings.confirm_booking if agrees else bookings.decline_booking
        me.ask(answer, booking_id=booking.id)


@habit(TEACHERS, weight=5)
def says_that_a_lesson_took_place(me: Person) -> None:
    now = me.market.clock.now()
    confirmed = me.bookings(BookingStatus.CONFIRMED)
    booking = me.market.one_of([one for one in confirmed if one.period.end <= now])
    if booking is not None:
        me.ask(bookings.complete_booking, booking_id=booking.id)


@habit(TEACHERS, weight=3)
def says_that_the_student_did_not_come(me: Person) -> None:
    now = me.market.clock.now()
    begun = [one for one in me.bookings(BookingStatus.CONFIRMED) if one.period.start < now]
    booking = me.market.one_of(begun)
    if booking is not None:
        me.ask(bookings.report_no_show, {"who": "student"}, booking_id=booking.id)


@habit(TEACHERS, weight=1)
def calls_a_lesson_off(me: Person) -> None:
    booking = me.market.one_of(me.bookings(BookingStatus.CONFIRMED))
    if booking is not None:
        me.ask(bookings.cancel_booking, {"reason": "Snow"}, booking_id=booking.id)


@habit(TEACHERS, weight=2)
def moves_a_lesson(me: Person) -> None:
    booking = me.market.one_of(me.bookings(BookingStatus.CONFIRMED))
    if booking is not None:
        body: Body = {"starts_at": me.some_time_from_now()}
        me.ask(bookings.propose_reschedule, body, booking_id=booking.id)


@habit(TEACHERS, weight=1)
def gives_some_money_back(me: Person) -> None:
    own = [each for each in me.payments() if each.is_received_by(me.id) and each.captured]
    payment = me.market.one_of(own)
    if payment is not None:
        cents = me.market.chance.randint(1, max(1, payment.amount.minor // 2))
        amount = str(Money(cents, payment.amount.currency))
        me.ask(
            payments.refund_payment,
            {"amount": amount, "reason": "A short lesson", "fault": "teacher"},
            payment_id=payment.id,
        )


@habit(TEACHERS, weight=2)
def draws_money(me: Person) -> None:
    me.ask(earnings.request_payout, {})


@habit(TEACHERS, weight=2)
def opens_an_account(me: Person) -> None:
    me.ask(earnings.create_onboarding_link, {"return_url": None})
    account = me.market.witness.mirror.get("accounts", me.id)
    if account is not None and account.gateway_id is not None and not account.is_ready:
        me.market.pass_by(f"{me.name} passes the gateway's checks")
        me.market.world.controls.outside.enable_account(account.gateway_id)
