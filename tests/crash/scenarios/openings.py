"""How scenes open: what many scenarios have in common."""

from datetime import timedelta

from application.commands import Actor
from application.ports.gateway import GatewayPaymentStatus
from domain.gigs import Confirmation
from domain.ids import BookingId
from entrypoints.http.controllers import cards
from tests.crash.stage import Stage

PRICE = 75_00
SHARE = 63_75
"""What the teacher earns of 75.00."""


def booked(stage: Stage) -> tuple[Actor, Actor, BookingId]:
    teacher, student = stage.teacher(), stage.student()
    return teacher, student, stage.book(student, stage.gig(teacher))


def requested(stage: Stage) -> tuple[Actor, Actor, BookingId]:
    teacher, student = stage.teacher(), stage.student()
    gig = stage.gig(teacher, confirmation=Confirmation.TEACHER)
    starts_at = stage.clock.now() + timedelta(days=4)
    return teacher, student, stage.book(student, gig, starts_at=starts_at)


def paid(stage: Stage, token: str = "pm_card_visa") -> tuple[Actor, Actor, BookingId]:
    teacher, student, booking = booked(stage)
    stage.pay(student, booking, token)
    return teacher, student, booking


def taught(stage: Stage, *, has_account: bool) -> Actor:
    """Let a teacher have earned money that is available, and no worker have sent it yet."""
    teacher, _, booking = paid(stage)
    stage.complete(teacher, booking)
    if has_account:
        stage.enable_account(teacher)
    # The clock alone moves: nothing that falls due has been done yet.
    stage.clock.advance(timedelta(days=3))
    return teacher


def with_card(stage: Stage, student: Actor, token: str = "pm_card_visa") -> str:
    added = stage.request(student, cards.add_card, {"payment_method_id": token})
    added()
    stage.settle()
    found: str = added.result()["id"]
    return found


def pays_in_browser(stage: Stage, booking: BookingId, token: str = "pm_card_visa") -> None:
    """Let the payer confirm in the browser, once, if the page ever got there."""
    intent = stage.intent_of(booking)
    if intent is None:
        return
    if stage.world.gateway.payments.payment(intent).status is GatewayPaymentStatus.NEEDS_METHOD:
        stage.world.controls.browser.confirm(intent, token)
