"""What students do: book, pay, pay late, be declined, cancel, ask for their money, click twice."""

from domain.bookings import BookingStatus
from entrypoints.http.controllers import bookings, cards, payments
from entrypoints.simulation.client import Asked, Body
from entrypoints.simulation.people.browser import confirms, passes_the_challenge
from entrypoints.simulation.people.person import STUDENTS, Person, habit
from entrypoints.simulation.platform import Reply

TOKENS = (
    *("pm_card_visa",) * 9,
    *("pm_card_mastercard", "pm_card_amex"),
    *("pm_card_chargeDeclined", "pm_card_chargeCustomerFail"),
    *("pm_card_authenticationRequired", "pm_card_authenticationRequiredOnSetup"),
    *("pm_card_pendingRefund", "pm_card_refundFail", "pm_card_bypassPending"),
    *("pm_usBankAccount_success", "pm_usBankAccount_insufficientFunds"),
)
TEST_CARDS = ("4242424242424242", "5555555555554444", "4000000000000002", "4000002500003155")


def _token(me: Person) -> str:
    return me.market.chance.choice(TOKENS)


def _a_lesson(me: Person) -> Body | None:
    gig = me.market.one_of(me.gigs())
    if gig is None:
        return None
    return {
        "gig_id": gig.id,
        "starts_at": me.some_time_from_now(),
        "duration_minutes": me.market.chance.choice((30, 60, 60, 90)),
    }


@habit(STUDENTS, weight=9)
def books_a_lesson(me: Person) -> None:
    lesson = _a_lesson(me)
    if lesson is None:
        return
    booked = me.ask(bookings.book, lesson)
    if booked is not None and booked.is_ok and booked["status"] == "confirmed" and me.happens(0.85):
        _pays(me, booked["id"])


@habit(STUDENTS, weight=8)
def pays_for_a_lesson(me: Person) -> None:
    booking = me.market.one_of(me.unpaid())
    if booking is not None:
        _pays(me, booking.id)


def _pays(me: Person, booking: str) -> None:
    if me.happens(0.5):
        _pays_in_the_browser(me, booking)
    else:
        _pays_from_the_server(me, booking)


def _pays_in_the_browser(me: Person, booking: str) -> None:
    opened = me.ask(payments.create_payment_intent, {"booking_id": booking})
    if opened is None or opened.answer.status not in {200, 201} or me.happens(0.1):
        return  # refused, not known yet, or they close the page
    intent: str = opened["payment_intent_id"]
    if me.happens(0.12):
        me.market.sleep(me.market.chance.choice((1_000, 20_000, 90_000)))  # they pay too late
    confirms(me.market, intent, _token(me))
    if me.happens(0.3):
        passes_the_challenge(me.market, intent)
    if me.happens(0.6):
        me.ask(payments.confirm_payment, {"payment_id": opened["payment_id"]})


def _pays_from_the_server(me: Person, booking: str) -> None:
    body: Body = {"booking_id": booking}
    if me.happens(0.7):
        body["payment_method_id"] = _token(me)
    _goes_on(me, me.ask(payments.process_payment, body))


def _goes_on(me: Person, paid: Reply | None) -> None:
    """Pass 3-D Secure where the bank asks for it, most often."""
    if paid is None or not paid.is_ok or paid["status"] != "requires_action":
        return
    if me.happens(0.8) and paid["stripe_payment_intent_id"]:
        passes_the_challenge(me.market, paid["stripe_payment_intent_id"])
    if me.happens(0.5):
        me.ask(payments.confirm_payment, {"payment_id": paid["id"]})


@habit(STUDENTS, weight=3)
def books_and_pays_in_one_call(me: Person) -> None:
    lesson = _a_lesson(me)
    if lesson is None:
        return
    if me.happens(0.7):
        lesson["payment_method_id"] = _token(me)
    _goes_on(me, me.ask(payments.process_payment, lesson))


@habit(STUDENTS, weight=3)
def clicks_twice(me: Person) -> None:
    """Send the same request from two tabs at once; under one key it is one."""
    booking = me.market.one_of(me.unpaid())
    lesson = _a_lesson(me)
    if booking is not None and me.happens(0.7):
        body: Body = {"booking_id": booking.id, "payment_method_id": _token(me)}
        asked = me.request(payments.process_payment, body)
    elif lesson is not None:
        asked = me.request(bookings.book, lesson)
    else:
        return
    twin = asked if me.happens(0.6) else me.request(asked.endpoint, asked.body, **asked.path)
    me.market.begin(f"{me.name}'s other tab", lambda: me.platform.ask(twin))
    me.platform.ask(asked)


@habit(STUDENTS, weight=1)
def uses_a_key_for_something_else(me: Person) -> None:
    """Send another body under a key that was answered: it must be refused and do nothing."""
    mine = [asked for asked in me.platform.fresh_requests() if asked.actor == me.actor]
    known = me.market.one_of([asked for asked in mine if asked.endpoint is bookings.book])
    if known is None:
        return
    other = Asked(
        actor=known.actor,
        endpoint=known.endpoint,
        body={**known.body, "duration_minutes": 45},
        path=known.path,
        key=known.key,
    )
    answered = me.platform.ask(other)
    if answered is not None and answered.code != "idempotency_key_reused":
        me.market.witness.report("I14", known.url, "another body was let in under its key")


@habit(STUDENTS, weight=3)
def cancels(me: Person) -> None:
    own = me.bookings(BookingStatus.CONFIRMED, BookingStatus.REQUESTED)
    booking = me.market.one_of([one for one in own if one.student_id == me.id])
    if booking is not None:
        me.ask(bookings.cancel_booking, {"reason": "Ill"}, booking_id=booking.id)


@habit(STUDENTS, weight=1)
def asks_for_a_refund(me: Person) -> None:
    own = [payment for payment in me.payments() if payment.student_id == me.id]
    payment = me.market.one_of([each for each in own if each.status.has_succeeded])
    if payment is not None:
        me.ask(payments.refund_payment, {"reason": "Ill"}, payment_id=payment.id)


@habit(STUDENTS, weight=2)
def says_that_the_teacher_did_not_come(me: Person) -> None:
    now = me.market.clock.now()
    begun = [one for one in me.bookings(BookingStatus.CONFIRMED) if one.period.start < now]
    booking = me.market.one_of(begun)
    if booking is not None:
        me.ask(bookings.report_no_show, {"who": "teacher"}, booking_id=booking.id)


@habit(STUDENTS, weight=2)
def keeps_a_card(me: Person) -> None:
    if me.happens(0.3):
        me.ask(
            cards.add_test_card,
            {
                "card_number": me.market.chance.choice(TEST_CARDS),
                "exp_month": 12,
                "exp_year": me.market.clock.now().year + 2,
                "cvc": "123",
                "cardholder_name": me.name,
                "save_for_future": me.happens(0.5),
            },
        )
        return
    body: Body = {"payment_method_id": _token(me), "set_as_default": me.happens(0.5)}
    me.ask(cards.add_card, body)


@habit(STUDENTS, weight=1)
def tidies_up_cards(me: Person) -> None:
    kept = [
        card
        for card in me.market.witness.mirror.all("cards")
        if card.student_id == me.id and card.removed_at is None
    ]
    card = me.market.one_of(kept)
    if card is None:
        return
    if me.happens(0.5):
        me.ask(cards.set_default_card, {"set_as_default": True}, card_id=card.id)
    else:
        me.ask(cards.remove_card, card_id=card.id)
