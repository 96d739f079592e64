"""What meets at a booking that is to be paid, is being paid, or was paid too late."""

from collections.abc import Sequence
from datetime import timedelta

from tests.interleavings.actions.lessons import (
    rival_books,
    student_cancels,
    teacher_cancels,
    worker_advances_bookings,
)
from tests.interleavings.actions.paying import (
    browser_is_declined,
    browser_pays,
    gateway_delivers_what_waits,
    gateway_tells_it_under_another_id,
    gateway_tells_of_success,
    gateway_tells_that_it_was_declined,
    student_charges_a_bad_card,
    student_charges_a_fresh_card,
    student_charges_the_card,
    student_confirms,
    student_opens_an_intent,
    worker_recovers,
    worker_recovers_after_a_lease,
)
from tests.interleavings.crossing import CrossingStage, Errand
from tests.interleavings.ground import (
    Ground,
    add_card,
    open_ground,
    with_booking,
    with_intent,
    with_names,
)
from tests.interleavings.meeting import Group, shared_by

TIME_TO_PAY = timedelta(minutes=15)


def unpaid_booking(stage: CrossingStage) -> Ground:
    ground = with_booking(open_ground(stage))
    card = add_card(ground)
    return with_names(ground, card=card)


UNPAID_BOOKING = Group(
    name="an unpaid booking",
    open=unpaid_booking,
    actions=(
        student_opens_an_intent,
        student_charges_the_card,
        student_charges_a_fresh_card,
        student_cancels,
        teacher_cancels,
        worker_recovers_after_a_lease,
    ),
    excuses=(shared_by(student_charges_the_card),),
)


def _booking_that_expires(stage: CrossingStage) -> Ground:
    ground = unpaid_booking(stage)
    stage.clock.advance(TIME_TO_PAY)
    return ground


BOOKING_THAT_EXPIRES = Group(
    name="a booking that expires",
    open=_booking_that_expires,
    actions=(
        student_opens_an_intent,
        student_charges_the_card,
        student_cancels,
        worker_advances_bookings,
        rival_books,
    ),
    excuses=(shared_by(student_charges_the_card),),
)


def _booking_being_paid(stage: CrossingStage) -> Ground:
    ground = unpaid_booking(stage)
    bad = add_card(ground, "pm_card_chargeCustomerFail")
    return with_names(with_intent(ground), bad_card=bad)


BOOKING_BEING_PAID = Group(
    name="a booking that is being paid",
    open=_booking_being_paid,
    actions=(
        browser_pays,
        browser_is_declined,
        student_charges_the_card,
        student_charges_a_bad_card,
        student_opens_an_intent,
        student_confirms,
        student_cancels,
        gateway_delivers_what_waits,
        worker_recovers_after_a_lease,
    ),
    excuses=(shared_by(student_charges_the_card),),
)


def _declined_once(stage: CrossingStage) -> Ground:
    ground = with_intent(unpaid_booking(stage))
    browser_is_declined(ground)
    return with_names(ground, declined=ground.event("payment_intent.payment_failed"))


DECLINED_ONCE = Group(
    name="a payment that was declined",
    open=_declined_once,
    actions=(
        gateway_tells_that_it_was_declined,
        browser_pays,
        student_charges_the_card,
        student_opens_an_intent,
        student_confirms,
        student_cancels,
    ),
    excuses=(shared_by(student_charges_the_card),),
)


def _money_that_came(stage: CrossingStage) -> Ground:
    ground = with_intent(unpaid_booking(stage))
    browser_pays(ground)
    success = ground.event("payment_intent.succeeded")
    again = stage.world.deliveries.tell_again(success)
    return with_names(ground, success=success, success_again=again)


TELLING = (
    gateway_tells_of_success,
    gateway_tells_it_under_another_id,
    gateway_delivers_what_waits,
    student_confirms,
)

MONEY_THAT_CAME = Group(
    name="money that came and was not told of",
    open=_money_that_came,
    actions=(
        *TELLING,
        student_opens_an_intent,
        student_charges_the_card,
        student_cancels,
    ),
    excuses=(shared_by(student_charges_the_card),),
)


def _money_that_came_late(stage: CrossingStage) -> Ground:
    ground = _money_that_came(stage)
    stage.clock.advance(TIME_TO_PAY)
    return ground


def _is_seated_or_repaid(ground: Ground, _: Sequence[Errand]) -> None:
    holds = ground.stage.booking(ground.booking).status.holds_its_slot
    assert holds == (ground.payment.refundable.minor > 0), "paid and not seated, or seated for free"


MONEY_THAT_CAME_LATE = Group(
    name="money that came as the booking expired",
    open=_money_that_came_late,
    actions=(
        gateway_tells_of_success,
        student_confirms,
        student_cancels,
        worker_advances_bookings,
        rival_books,
    ),
    holds=_is_seated_or_repaid,
)


def _money_for_what_expired(stage: CrossingStage) -> Ground:
    ground = _money_that_came_late(stage)
    worker_advances_bookings(ground)
    return ground


MONEY_FOR_WHAT_EXPIRED = Group(
    name="money for a booking that has expired",
    open=_money_for_what_expired,
    actions=(
        gateway_tells_of_success,
        gateway_tells_it_under_another_id,
        student_confirms,
        rival_books,
        worker_recovers,
    ),
    holds=_is_seated_or_repaid,
)

GROUPS = (
    UNPAID_BOOKING,
    BOOKING_THAT_EXPIRES,
    BOOKING_BEING_PAID,
    DECLINED_ONCE,
    MONEY_THAT_CAME,
    MONEY_THAT_CAME_LATE,
    MONEY_FOR_WHAT_EXPIRED,
)
