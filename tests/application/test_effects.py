"""The protocol of every effect on the gateway: what each definite answer means."""

import pytest
from attrs import evolve

from application.effects import EffectKind
from application.ports.gateway import (
    GatewayRefused,
)
from application.ports.records import Operation, OperationState
from application.ports.storage import Unit
from application.ports.test_mode import FaultKind
from domain.errors import GatewayUnavailable
from tests.application.effect_faults import (
    Counting,
    Fixed,
    always,
    every_kind,
    insisting_on,
    not_executed,
    once,
)
from tests.application.effect_scenes import (
    KINDS,
    SCENES,
    Stage,
)


def test_every_kind_has_one_effect_and_a_scene() -> None:
    assert sorted(KINDS) == sorted(EffectKind)
    assert set(SCENES) == set(EffectKind)


def test_the_words_by_which_operations_are_stored_stay_as_they_are() -> None:
    assert {kind.value for kind in EffectKind} == {
        *("payment.create", "payment.confirm", "payment.cancel", "refund.create"),
        *("transfer.create", "account.create", "customer.create"),
        *("card.attach", "card.detach", "card.set_default"),
    }


# --- 2xx: definite -------------------------------------------------------------------------------


@every_kind
def test_an_answer_is_booked_and_the_operation_is_done(kind: EffectKind) -> None:
    stage = Stage(kind)

    done = stage.effects.perform(stage.claimed())

    assert (done.state, done.tries, done.error) == (OperationState.DONE, 1, None)
    assert done.result is not None
    assert stage.times_done() == 1
    assert stage.findings() == []


@every_kind
def test_performing_what_is_done_sends_nothing_more(kind: EffectKind) -> None:
    stage = Stage(kind)
    done = stage.effects.perform(stage.claimed())

    assert stage.effects.perform(done) == done
    assert stage.effects.join(done.id) == done
    assert len(stage.sent()) == 1


@every_kind
def test_the_key_names_environment_kind_operation_and_attempt(kind: EffectKind) -> None:
    stage = Stage(kind)
    stage.effects.perform(stage.claimed())

    assert stage.keys() == {f"{stage.effects.environment}:{kind}:{stage.id}:1"}


@every_kind
def test_the_answer_is_committed_in_the_unit_that_books_the_effect(kind: EffectKind) -> None:
    stage = Stage(kind)
    told: list[OperationState] = []

    def then(unit: Unit, operation: Operation) -> None:
        told.append(unit.operations.get(operation.id).state)

    stage.effects.perform(stage.claimed(), then=then)

    assert told == [OperationState.DONE]


# --- 400, 402, 403, 404: definite no -------------------------------------------------------------


@every_kind
def test_a_definite_no_releases_what_was_reserved(kind: EffectKind) -> None:
    stage = Stage(kind)
    effects = insisting_on(stage, GatewayRefused("No.", code="parameter_invalid"))

    refused = effects.perform(stage.claimed())

    assert refused.state is OperationState.REFUSED
    assert refused.refusal is not None
    assert refused.refusal["code"] == "parameter_invalid"
    assert refused.refusal["kind"] == "GatewayRefused"
    assert stage.market.balances() == stage.books_before
    assert stage.findings() == []


@every_kind
def test_a_refused_operation_is_never_sent_again(kind: EffectKind) -> None:
    stage = Stage(kind)
    refused = insisting_on(stage, GatewayRefused("No.")).perform(stage.claimed())

    assert stage.effects.join(refused.id).state is OperationState.REFUSED
    assert stage.recover(days=2).state is OperationState.REFUSED
    assert stage.sent() == []


@pytest.mark.parametrize(
    "kind",
    [
        EffectKind.CREATE_PAYMENT,
        EffectKind.CREATE_REFUND,
        EffectKind.CREATE_TRANSFER,
        EffectKind.ATTACH_CARD,
    ],
)
def test_a_new_try_after_a_definite_no_is_a_new_operation(kind: EffectKind) -> None:
    stage = Stage(kind)
    insisting_on(stage, GatewayRefused("No.")).perform(stage.claimed())

    stage.market.do(stage.command, stage.actor)

    again = [one for one in stage.fragile.operations() if one.kind == kind][-1]
    assert (again.id != stage.id, again.state) == (True, OperationState.DONE)
    assert stage.market.world.chronicle.made_by(stage.id) == []


@pytest.mark.parametrize(
    "kind", [EffectKind.CREATE_PAYMENT, EffectKind.CONFIRM_PAYMENT, EffectKind.ATTACH_CARD]
)
def test_a_decline_is_recorded_with_what_the_bank_said(kind: EffectKind) -> None:
    stage = Stage(kind)
    once(stage, FaultKind.DECLINED, decline_code="insufficient_funds")

    refused = stage.effects.perform(stage.claimed())

    assert refused.state is OperationState.REFUSED
    assert refused.refusal is not None
    assert refused.refusal["kind"] == "Declined"
    assert refused.refusal["decline_code"] == "insufficient_funds"
    assert stage.findings() == []


# --- 409, 429: not executed ----------------------------------------------------------------------


@every_kind
@not_executed
def test_a_busy_gateway_is_asked_again_under_the_same_key_after_a_pause(
    kind: EffectKind, fault: FaultKind
) -> None:
    stage = Stage(kind)
    once(stage, fault)
    claimed = stage.claimed()
    before = stage.market.wall.now()

    done = stage.effects.perform(claimed)

    assert done.state is OperationState.DONE
    assert (len(stage.sent()), len(stage.keys())) == (2, 1)
    assert stage.market.wall.now() > before


def test_the_pauses_grow_and_differ_from_one_another() -> None:
    pauses = []
    for seed in (0.0, 0.5):
        stage = Stage(EffectKind.CREATE_REFUND)
        always(stage, FaultKind.LOCKED)
        claimed = stage.claimed()
        waited: list[float] = []
        effects = evolve(stage.effects, wall=Counting(stage, waited), randomness=Fixed(seed))
        with pytest.raises(GatewayUnavailable):
            effects.perform(claimed)
        pauses.append(waited)
    assert pauses == [[0.2, 0.4], [0.4, 0.8]]


@every_kind
@not_executed
def test_a_gateway_that_stays_busy_is_given_up_with_nothing_reserved(
    kind: EffectKind, fault: FaultKind
) -> None:
    stage = Stage(kind)
    always(stage, fault)

    with pytest.raises(GatewayUnavailable):
        stage.effects.perform(stage.claimed())

    assert stage.operation.state is OperationState.REFUSED
    assert stage.market.balances() == stage.books_before
    stage.market.world.controls.faults.clear_faults()
    assert stage.times_done() == 0
    assert stage.findings() == []


@every_kind
@not_executed
def test_what_must_happen_in_the_end_is_left_to_the_worker_when_the_gateway_is_busy(
    kind: EffectKind, fault: FaultKind
) -> None:
    stage = Stage(kind)
    always(stage, fault)

    left = stage.effects.patiently(stage.claimed())

    assert left.state is OperationState.UNKNOWN
    assert left.lease_until > stage.market.wall.now()
    stage.market.world.controls.faults.clear_faults()
    assert stage.recover().state is OperationState.DONE
    assert (len(stage.keys()), stage.times_done()) == (1, 1)
    assert stage.findings() == []


def test_the_worker_waits_longer_after_each_failure_but_ten_minutes_or_so_at_most() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    always(stage, FaultKind.RATE_LIMITED)
    operation = stage.claimed()
    pauses = []
    effects = evolve(stage.effects, randomness=Fixed(0.5))
    for _ in range(12):
        left = effects.patiently(operation)
        pauses.append((left.lease_until - stage.market.wall.now()).total_seconds())
        operation = stage.claimed()

    assert pauses[:4] == [2.0, 4.0, 8.0, 16.0]
    assert pauses[-1] == 600.0
