"""What meets under one idempotency key: the same request twice, and who carries it on."""

from collections.abc import Callable, Sequence

from application.ports.records import Answer
from entrypoints.http.controllers import bookings, cards, earnings, payments
from tests.interleavings.actions.paying import worker_recovers_after_a_lease
from tests.interleavings.crossing import CrossingStage, Errand
from tests.interleavings.ground import Ground, open_ground, paid
from tests.interleavings.groups.earning import available_money
from tests.interleavings.groups.paying import unpaid_booking
from tests.interleavings.meeting import Act, Group

KEY = "one key"


def books_under_a_key(ground: Ground) -> Answer:
    body = {"gig_id": ground.gig, "starts_at": ground.starts_at, "duration_minutes": 60}
    return ground.ask(ground.student, bookings.book, body, key=KEY)


def opens_an_intent_under_a_key(ground: Ground) -> Answer:
    body = {"booking_id": ground.booking}
    return ground.ask(ground.student, payments.create_payment_intent, body, key=KEY)


def charges_under_a_key(ground: Ground) -> Answer:
    body = {"booking_id": ground.booking}
    return ground.ask(ground.student, payments.process_payment, body, key=KEY)


def cancels_under_a_key(ground: Ground) -> Answer:
    body = {"reason": "ill"}
    return ground.ask(
        ground.student, bookings.cancel_booking, body, key=KEY, booking_id=ground.booking
    )


def refunds_under_a_key(ground: Ground) -> Answer:
    body = {"amount": "60.00", "reason": "sorry"}
    return ground.ask(
        ground.admin,
        payments.refund_payment,
        body,
        key=KEY,
        payment_id=ground.named["payment"],
    )


def pays_out_under_a_key(ground: Ground) -> Answer:
    return ground.ask(ground.teacher, earnings.request_payout, {}, key=KEY)


def adds_a_card_under_a_key(ground: Ground) -> Answer:
    body = {"payment_method_id": "pm_card_visa"}
    return ground.ask(ground.student, cards.add_card, body, key=KEY)


def _are_the_same_bytes(_: Ground, errands: Sequence[Errand]) -> None:
    answers = {errand.answer for errand in errands if errand.answer is not None}
    assert len(answers) <= 1, "one key has two answers"


def _paid_booking(stage: CrossingStage) -> Ground:
    return paid(open_ground(stage))


def _group(open_it: Callable[[CrossingStage], Ground], act: Act) -> Group:
    return Group(
        name=f"a key that {act.__name__.removesuffix('_under_a_key').replace('_', ' ')}",
        open=open_it,
        actions=(act, worker_recovers_after_a_lease),
        holds=_are_the_same_bytes,
        compares_cards=True,
    )


GROUPS = (
    _group(open_ground, books_under_a_key),
    _group(unpaid_booking, opens_an_intent_under_a_key),
    _group(unpaid_booking, charges_under_a_key),
    _group(_paid_booking, cancels_under_a_key),
    _group(_paid_booking, refunds_under_a_key),
    _group(available_money, pays_out_under_a_key),
    _group(open_ground, adds_a_card_under_a_key),
)
