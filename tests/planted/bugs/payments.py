"""Mistakes with payments: what the gateway says, counted wrongly."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from attrs import evolve

from application import applying
from application.applying import Applying
from application.ending import Ending
from application.payments import CreatePaymentIntent
from application.payments.charging import Charging
from application.ports.gateway import GatewayPayment, GatewayPaymentStatus
from application.ports.storage import Unit
from domain import ledger
from domain.ids import PaymentId
from domain.payments import Observation, Payment, PaymentStatus
from tests.domain import test_payments
from tests.market import Market
from tests.planted.catalogue import planted
from tests.planted.layers import CrashPoints, One, Proof
from tests.planted.planting import Mistake, does_nothing, instead


def a_second_payment_after_one_that_was_canceled_elsewhere(market: Market) -> None:
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    opened = market.do(CreatePaymentIntent(booking_id=booking), student)
    intent = market.payment(opened.payment_id).gateway_id
    assert intent is not None
    market.world.gateway.payments.cancel_payment(intent, key="in the dashboard")
    market.settle()
    market.pay(student, booking)
    canceled = "payment_intent.canceled"
    (told,) = (each for each in market.world.chronicle.events() if each.type == canceled)
    market.world.deliveries.tell_again(told.id)
    market.settle()


@planted(
    stands_for="I12; confirm and webhook counted twice",
    caught_by=CrashPoints("confirming_a_payment"),
    says="I3 .*holds 7500 usd, not 0",
)
def a_success_is_booked_by_the_confirmation_and_by_the_webhook() -> Iterator[None]:
    def books_again(
        right: Mistake,
        self: Applying,
        unit: Unit,
        id: PaymentId,
        seen: GatewayPayment,
        *,
        read_at: datetime,
    ) -> Any:
        known = unit.payments.get(id)
        payment = right(self, unit, id, seen, read_at=read_at)
        if known.status.has_succeeded and seen.status is GatewayPaymentStatus.SUCCEEDED:
            entry = ledger.payment_succeeded(known, read_at)
            assert entry is not None
            unit.ledger.post(evolve(entry, key=f"{entry.key}:webhook"))
        return payment

    with instead(Applying, "payment", books_again):
        yield


@planted(
    stands_for="I11; a late `processing` after `succeeded`",
    caught_by=One(test_payments.test_in_any_order_a_success_is_final_and_nothing_falls),
    says="AssertionError|ExceptionGroup",
)
def a_late_processing_undoes_a_success() -> Iterator[None]:
    def steps_back(right: Mistake, self: Payment, seen: Observation) -> Payment:
        if self.status.has_succeeded and seen.status is PaymentStatus.PROCESSING:
            return self._step(seen)
        found: Payment = right(self, seen)
        return found

    with instead(Payment, "observe", steps_back):
        yield


@planted(
    stands_for="I11; a late `paid` reviving a refunded order",
    caught_by=CrashPoints("refunding_a_part"),
    says="I11.*is succeeded with 2000 of 7500 refunded",
)
def a_late_paid_revives_what_was_refunded() -> Iterator[None]:
    def revives(right: Mistake, self: Payment, seen: Observation) -> Payment:
        found: Payment = right(self, seen)
        if self.refunded and seen.status is PaymentStatus.SUCCEEDED:
            return evolve(found, status=PaymentStatus.SUCCEEDED)
        return found

    with instead(Payment, "observe", revives):
        yield


@planted(
    stands_for="I11; a late `created` overwriting `active`",
    caught_by=One(test_payments.test_what_was_read_earlier_does_not_undo_what_was_read_later),
    says="AssertionError",
)
def what_was_read_earlier_undoes_what_was_read_later() -> Iterator[None]:
    def forgets_when(right: Mistake, self: Payment, seen: Observation) -> Payment:
        found: Payment = right(evolve(self, read_at=None), seen)
        return found

    with instead(Payment, "observe", forgets_when):
        yield


@planted(
    stands_for="I7; three parallel events making three rows",
    caught_by=CrashPoints("charging_a_card_for_an_open_intent"),
    says="can be paid once more",
)
def a_payment_is_begun_beside_the_live_one() -> Iterator[None]:
    with instead(Charging, "live", does_nothing):
        yield


@planted(
    stands_for="I7; success after cancellation",
    caught_by=CrashPoints("paying_too_late"),
    says="I7.*0 of 7500 went back",
)
def a_success_that_comes_after_the_end_is_kept() -> Iterator[None]:
    def keeps(_: Mistake, __: Applying, ___: Unit, payment: Payment, at: datetime) -> Payment:
        return payment

    with instead(Applying, "_send_back", keeps):
        yield


@planted(
    stands_for="I10; a late success takes the slot of another",
    caught_by=CrashPoints("paying_too_late"),
    says="I10",
)
def a_late_success_is_seated_without_a_look_at_the_slot() -> Iterator[None]:
    with instead(Applying, "_seat_is_free", lambda *_: True):
        yield


@planted(
    stands_for="I7; an abandoned payment that can still be paid",
    caught_by=CrashPoints("expiring_unpaid"),
    says="can still be paid",
)
def a_booking_that_ends_forgets_to_cancel_its_intent() -> Iterator[None]:
    with instead(Ending, "call_off_what_is_open", does_nothing):
        yield


@planted(
    stands_for="I11; the news of an old payment unpays a booking",
    caught_by=Proof(a_second_payment_after_one_that_was_canceled_elsewhere),
    says="I11.*shows itself unpaid",
)
def a_booking_shows_whichever_payment_was_heard_of_last() -> Iterator[None]:
    with instead(applying, "speaks_for_booking", lambda *_: True):
        yield
