"""Mistakes in the protocol of effects: sent twice, never found, carried on by two."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import count
from typing import Any
from unittest import mock

from attrs import evolve

from adapters.memory import records
from application.customers import Customers
from application.effects import EffectKind, Effects, performing
from application.gateway_effects import EFFECTS
from application.ports.gateway import NewCustomer
from application.ports.records import Operation
from application.ports.storage import Unit
from application.ports.test_mode import FaultKind
from domain.ids import OperationId, UserId
from tests.application import test_effects_leases, test_effects_unknown
from tests.crash.scenarios.faults import Trouble
from tests.planted.catalogue import planted
from tests.planted.layers import CrashPoints, One
from tests.planted.planting import Mistake, does_nothing, instead


def charging(fault: FaultKind) -> CrashPoints:
    """Return what charges a saved card while the gateway has a fault."""
    return CrashPoints(
        "charging_a_saved_card",
        Trouble(effect=EffectKind.CREATE_PAYMENT, method="create_payment", kind=fault),
    )


@planted(
    stands_for="I7; a key per invocation (double charge)",
    caught_by=charging(FaultKind.ERROR_LATER),
    says="14504|2 were made|was charged 2 times",
)
def each_try_has_a_key_of_its_own() -> Iterator[None]:
    numbers = count()

    def another(right: Mistake, self: Operation, environment: str) -> str:
        return f"{right(self, environment)}:{next(numbers)}"

    with instead(Operation, "key", another):
        yield


@planted(
    stands_for="I13; a resent key replays a cached 500 for ever",
    caught_by=charging(FaultKind.ERROR_NOW),
    says="UNKNOWN|under way|stuck",
)
def nobody_looks_for_what_an_effect_has_made() -> Iterator[None]:
    with ExitStack() as planted_in:
        for effect in EFFECTS:
            planted_in.enter_context(instead(effect, "probe", does_nothing))
        yield


@planted(
    stands_for="I7; a new key while the gateway still knows the old one",
    caught_by=One(
        test_effects_unknown.test_a_cached_error_without_effect_is_never_given_another_key_before_26_hours,
        case=(EffectKind.CREATE_REFUND,),
    ),
    says="AssertionError",
)
def a_new_key_is_used_before_the_old_one_is_forgotten() -> Iterator[None]:
    soon = timedelta(seconds=1)
    with (
        mock.patch.object(performing, "SAME_KEY_UNTIL", soon),
        mock.patch.object(performing, "NEW_KEY_FROM", soon),
    ):
        yield


@planted(
    stands_for="I4; a timeout is taken for a no",
    caught_by=charging(FaultKind.LOST_ANSWER),
    says="in ProcessPayment .*the client asks again",
)
def a_lost_answer_is_taken_for_a_refusal() -> Iterator[None]:
    def refuses(
        _: Mistake, self: Effects, effect: Any, operation: Operation, unknown: Any, then: Any
    ) -> Operation:
        return self._refuse(effect, operation, unknown)

    with instead(Effects, "_look_and_send_again", refuses):
        yield


@planted(
    stands_for="I13; a worker that dies takes its work with it",
    caught_by=CrashPoints("charging_a_saved_card"),
    says="INTENT|under way|is never answered",
)
def a_lease_never_runs_out() -> Iterator[None]:
    def none_is_due(_: Mistake, *__: object) -> tuple[Operation, ...]:
        return ()

    def not_ours(_: Mistake, __: Effects, unit: Unit, id: OperationId) -> tuple[Operation, bool]:
        return unit.operations.get(id), False

    with (
        instead(records.Operations, "claim_due", none_is_due),
        instead(Effects, "_claim", not_ours),
    ):
        yield


@planted(
    stands_for="a worker that wakes after its lease",
    caught_by=One(test_effects_leases.test_a_call_is_begun_only_with_enough_of_the_lease_left),
    says="AssertionError",
)
def who_wakes_after_the_lease_sends_all_the_same() -> Iterator[None]:
    with mock.patch.object(performing, "CALL_MARGIN", timedelta(days=-1)):
        yield


@planted(
    stands_for="a worker that wakes after its lease, and another has taken over",
    caught_by=One(test_effects_leases.test_who_wakes_late_begins_no_other_attempt),
    says="AssertionError",
)
def the_fence_is_not_looked_at() -> Iterator[None]:
    def whoever_asks(right: Mistake, self: Effects, unit: Unit, operation: Operation) -> Operation:
        fence = unit.operations.get(operation.id).fence
        begun: Operation = right(self, unit, evolve(operation, fence=fence))
        return begun

    with instead(Effects, "_begin_attempt", whoever_asks):
        yield


@planted(
    stands_for="I7; one gateway customer per user",
    caught_by=CrashPoints("paying_in_the_browser"),
    says="in CreatePaymentIntent .*the client asks again",
)
def a_customer_that_is_being_made_is_made_once_more() -> Iterator[None]:
    def another(_: Mistake, self: Customers, user_id: UserId) -> str:
        def decide(unit: Unit) -> str | Operation:
            user = unit.users.get(user_id)
            wanted = NewCustomer(operation="", user=user.id, email=user.email, name=user.name)
            return user.gateway_customer_id or self.plans.plan(
                unit, EffectKind.CREATE_CUSTOMER, user.id, wanted
            )

        found = self.work(decide)
        return found if isinstance(found, str) else self.effects.perform(found).result or ""

    with instead(Customers, "customer_of", another):
        yield
