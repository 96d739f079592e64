"""The protocol of every effect: leases, fences, joining, and words for a payer."""

from datetime import timedelta

import pytest
from attrs import evolve

from application.effects import LEASE, EffectKind, OperationUnderWay, failure_of, fingerprint
from application.ports.gateway import (
    AuthenticationRequired,
    Declined,
    GatewayBusy,
    GatewayError,
    GatewayRefused,
    OutcomeUnknown,
)
from application.ports.records import OperationState
from application.ports.test_mode import FaultKind
from application.upkeep import RecoverOperations
from tests.application.effect_faults import Counting, always, every_kind, insisting_on
from tests.application.effect_scenes import (
    Stage,
    effects_in,
)
from tests.market import Market

# --- Leases and fences ---------------------------------------------------------------------------


@every_kind
def test_who_wakes_after_the_lease_sends_nothing(kind: EffectKind) -> None:
    stage = Stage(kind)
    slept = stage.claimed()
    stage.market.wall.advance(LEASE)

    left = stage.effects.perform(slept)

    assert stage.sent() == []
    assert left.state is OperationState.UNKNOWN


def test_a_call_is_begun_only_with_enough_of_the_lease_left() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    claimed = stage.claimed()
    stage.market.wall.advance(LEASE - timedelta(seconds=11))

    stage.effects.perform(claimed)

    assert stage.sent() == []


def test_who_wakes_late_does_not_shorten_the_lease_of_who_took_over() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    slept = stage.claimed()
    stage.market.wall.advance(LEASE)
    taken_over = stage.claim_now()
    assert taken_over is not None

    stage.effects.perform(slept)

    assert stage.operation == taken_over


def test_who_wakes_late_begins_no_other_attempt() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    always(stage, FaultKind.LOST_REQUEST)
    stage.effects.perform(stage.claimed())
    stage.market.wall.advance(timedelta(hours=26))
    slept = stage.claim_now()
    assert slept is not None
    stage.market.wall.advance(LEASE)
    taken_over = stage.claim_now()

    stage.effects.recover(slept)

    assert stage.operation == taken_over


def test_two_workers_never_claim_the_same_operation() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    stage.claimed()

    assert stage.claim_now() is None


def test_a_refusal_does_not_undo_what_another_has_booked() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    slept = stage.claimed()
    stage.effects.perform(slept)
    books = stage.market.balances()

    late = insisting_on(stage, GatewayRefused("No.")).perform(slept)

    assert late.state is OperationState.DONE
    assert stage.market.balances() == books


# --- Altered params ------------------------------------------------------------------------------


@every_kind
def test_params_that_were_altered_in_the_database_are_never_sent(kind: EffectKind) -> None:
    stage = Stage(kind)
    altered = {**stage.operation.params, "amount": 1}
    stage.market.storage.work(
        lambda unit: unit.operations.save(evolve(unit.operations.get(stage.id), params=altered))
    )

    for _ in range(3):
        stage.recover()

    assert stage.sent() == []
    assert "altered" in (stage.operation.error or "")


def test_a_fingerprint_tells_any_change_but_not_the_order() -> None:
    assert fingerprint({"a": 1, "b": "x"}) == fingerprint({"b": "x", "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": "1"})


# --- Joining -------------------------------------------------------------------------------------


def test_joining_waits_for_the_twin_that_performs_it() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    claimed = stage.claimed()
    real = stage.effects
    waited: list[float] = []
    twin = Counting(stage, waited, lambda: len(waited) == 3 and real.perform(claimed))

    done = evolve(real, wall=twin).join(stage.id)

    assert done.state is OperationState.DONE
    assert len(waited) == 3
    assert stage.times_done() == 1


def test_joining_a_twin_that_takes_too_long_is_refused_for_now() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    stage.claimed()
    before = stage.market.wall.now()

    with pytest.raises(OperationUnderWay):
        stage.effects.join(stage.id)

    waited = (stage.market.wall.now() - before).total_seconds()
    assert 10 <= waited < 10.2


def test_joining_carries_on_for_a_twin_that_died() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    stage.market.wall.advance(LEASE)
    told: list[str | None] = []

    done = stage.effects.join(stage.id, then=lambda _, one: told.append(one.result))

    assert done.state is OperationState.DONE
    assert told == [done.result]


def test_joining_what_was_done_tells_the_answer_again() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    done = stage.effects.perform(stage.claimed())
    told: list[str | None] = []

    stage.effects.join(done.id, then=lambda _, one: told.append(one.result))

    assert told == [done.result]


# --- Words for a payer ---------------------------------------------------------------------------


def test_a_decline_keeps_the_banks_words() -> None:
    failure = failure_of(
        AuthenticationRequired(
            "Ask its owner.", code="authentication_required", decline_code="x", advice="y"
        )
    )

    assert (failure.code, failure.message) == ("authentication_required", "Ask its owner.")
    assert (failure.decline_code, failure.advice) == ("x", "y")


def test_a_refusal_tells_the_payer_no_details_of_our_request() -> None:
    failure = failure_of(GatewayRefused("No such customer: 'cus_1'", code="resource_missing"))

    assert failure.code == "resource_missing"
    assert "cus_1" not in failure.message


@pytest.mark.parametrize("error", [GatewayBusy("Busy."), OutcomeUnknown("Timed out.")])
def test_a_gateway_that_was_not_reached_is_called_that(error: GatewayError) -> None:
    assert failure_of(error).code == "gateway_unavailable"


def test_a_decline_without_more_is_a_decline_too() -> None:
    assert failure_of(Declined("No.", code="card_declined")).code == "card_declined"


def test_a_quiet_market_has_nothing_to_recover() -> None:
    market = Market()

    assert market.do(RecoverOperations()) == 0
    assert effects_in(market).environment
