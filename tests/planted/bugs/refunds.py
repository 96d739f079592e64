"""Mistakes with refunds: too much, twice, not at all, or borne by the wrong people."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from attrs import evolve

import domain.refunds
from application.accounting import Accounting
from application.applying import Applying
from application.commands import Actor
from application.effects import EffectKind
from application.ports.gateway import GatewayRefundStatus
from application.ports.records import Operation
from application.ports.storage import Unit
from application.ports.test_mode import FaultKind
from application.refunds import requesting
from application.refunds.requesting import RefundPayment, RefundPaymentHandler
from domain.money import Money
from domain.payments import Payment
from domain.refunds import Refund
from entrypoints.http.controllers import payments
from entrypoints.simulation.client import Asked
from tests.crash.scenarios.faults import Trouble
from tests.domain import test_refunds
from tests.http.test_slow_twins import SleepyMarket
from tests.planted.catalogue import planted
from tests.planted.layers import TEN_STORIES, CrashPoints, One, Overtaken, Race
from tests.planted.planting import But, Mistake, does_nothing, instead
from tests.races import test_races_for_money


def two_refunds_of_sixty_of_a_hundred(market: SleepyMarket) -> tuple[Asked, Asked]:
    path: dict[str, str] = {"payment_id": market.paid_lesson(hourly_rate="100.00").payment}
    refund = Asked(
        actor=market.admin(),
        endpoint=payments.refund_payment,
        body={"amount": "60.00", "reason": "ill"},
        path=path,
    )
    return refund, refund


@planted(
    stands_for="I5; 60 + 60 refunded of 100",
    caught_by=One(test_refunds.test_sixty_and_sixty_of_a_hundred_is_refused),
    says="contradict each other|DID NOT RAISE",
)
def nobody_looks_at_what_is_left_of_a_payment() -> Iterator[None]:
    with instead(Payment, "must_be_refundable", does_nothing):
        yield


@planted(
    stands_for="I5; refunds under way are not counted",
    caught_by=Race(test_races_for_money.test_partial_refunds_at_once_never_exceed_the_payment),
    says="contradict each other|'ok': 8",
)
def what_is_reserved_may_be_refunded_once_more() -> Iterator[None]:
    def generous(_: Mistake, self: Payment) -> Money:
        return self.captured - self.refunded - self.lost

    with instead(Payment, "refundable", generous):
        yield


@planted(
    stands_for="I5; check-then-insert, over-refunding 60 payments of 100",
    caught_by=Overtaken(two_refunds_of_sixty_of_a_hundred),
    says="I5 |contradict",
)
def the_limit_is_checked_in_another_unit_than_the_one_that_reserves() -> Iterator[None]:
    def looks_first(
        right: Mistake, self: RefundPaymentHandler, command: RefundPayment, actor: Actor
    ) -> Any:
        looked = self.work(lambda unit: unit.payments.get(command.payment_id))

        def on_what_was_there(unit: Unit) -> Operation:
            stale = evolve(looked, version=unit.payments.get(looked.id).version)
            payments = But(unit.payments, get=lambda _: stale)
            return self._reserve(cast("Unit", But(unit, payments=payments)), actor, command)

        return self.sending.send(self.work(on_what_was_there), is_ours=True)

    with instead(RefundPaymentHandler, "__call__", looks_first):
        yield


@planted(
    stands_for="I5; a refund's fee is reversed when it is reserved and when it is taken",
    caught_by=CrashPoints("refunding_a_part"),
    says="fee reversed is 600 usd, but its refunds come to 300",
)
def the_fee_is_reversed_twice() -> Iterator[None]:
    def again(right: Mistake, self: Payment, amount: Money, *, at: datetime) -> Payment:
        accepted: Payment = right(self, amount, at=at)
        fee = min(accepted.fee, accepted.fee_reversed + accepted.fee_reversed)
        return evolve(accepted, fee_reversed=fee)

    with instead(Payment, "refund_accepted", again):
        yield


@planted(
    stands_for="I5; cumulative largest remainder takes a refund from 3 to 4 below zero",
    caught_by=One(test_refunds.test_partial_refunds_sum_exactly_and_the_last_one_sweeps),
    says="contradict|cannot divide",
)
def a_refund_is_borne_by_the_shares_that_were_agreed() -> Iterator[None]:
    def by_what_was_agreed(
        right: Mistake, payment: Payment, unwound: Money, *, keep_fee: bool
    ) -> Any:
        zero = Money.zero(payment.amount.currency)
        agreed = tuple(evolve(share, reversed=zero) for share in payment.shares)
        return right(evolve(payment, fee_reversed=zero, shares=agreed), unwound, keep_fee=keep_fee)

    with instead(domain.refunds, "_over_the_remainders", by_what_was_agreed):
        yield


@planted(
    stands_for="I9; refund sent and claw-back failed: nobody owes it",
    caught_by=CrashPoints("telling_staff_of_a_refund_that_a_bank_returned"),
    says="I9 .*owed",
)
def a_refund_that_a_bank_returns_is_owed_to_nobody() -> Iterator[None]:
    def forgets(right: Mistake, self: Refund, reason: str, *, at: datetime) -> Refund:
        failed: Refund = right(self, reason, at=at)
        return evolve(failed, is_owed=False)

    with instead(Refund, "failed", forgets):
        yield


@planted(
    stands_for="I5; a refund that fails leaves its money set aside",
    caught_by=CrashPoints(
        "refunding_a_part",
        Trouble(
            effect=EffectKind.CREATE_REFUND, method="create_refund", kind=FaultKind.REFUND_FAILS
        ),
    ),
    says="I5 .*refund_released",
)
def a_refund_that_fails_keeps_what_it_took() -> Iterator[None]:
    with instead(Accounting, "refund_released", does_nothing):
        yield


@planted(
    stands_for="I14; the refund is not bound to the request's idempotency key",
    caught_by=CrashPoints("refunding_a_part"),
    says="in RefundPayment .*the client asks again",
)
def a_refund_that_is_asked_for_again_is_another_one() -> Iterator[None]:
    with instead(requesting, "bind", does_nothing):
        yield


@planted(
    stands_for="a key of payment + amount that blocks a legitimate second refund",
    caught_by=CrashPoints("refunding_twice"),
    says="are under way|UNKNOWN",
)
def the_key_of_a_refund_is_its_payment_and_its_amount() -> Iterator[None]:
    def by_amount(right: Mistake, self: Operation, environment: str) -> str:
        if self.kind != EffectKind.CREATE_REFUND:
            key: str = right(self, environment)
            return key
        return f"{environment}:{self.kind}:{self.params['payment']}:{self.params['amount']}"

    with instead(Operation, "key", by_amount):
        yield


@planted(
    stands_for="I5; a refund that the books take for sent as soon as it is accepted",
    caught_by=TEN_STORIES,
    says="I5 .*still pends",
)
def a_refund_that_pends_counts_as_sent() -> Iterator[None]:
    def too_soon(right: Mistake, self: Applying, unit: Unit, id: Any, seen: Any) -> Any:
        if seen.status is GatewayRefundStatus.PENDING:
            seen = evolve(seen, status=GatewayRefundStatus.SUCCEEDED)
        return right(self, unit, id, seen)

    with instead(Applying, "refund", too_soon):
        yield
