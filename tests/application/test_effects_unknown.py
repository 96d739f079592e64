"""The protocol of every effect: finding out what became of it, and never doing it twice."""

from datetime import timedelta

import pytest

from application.effects import EffectKind
from application.ports.gateway import (
    KeyReused,
)
from application.ports.records import OperationState
from application.ports.test_mode import FaultKind
from tests.application.effect_faults import TELLABLE, always, every_kind, insisting_on, once
from tests.application.effect_scenes import (
    Stage,
)

# --- The key was used otherwise: our bug ---------------------------------------------------------


@every_kind
def test_a_key_that_was_used_otherwise_alarms_staff_and_is_not_sent_again(kind: EffectKind) -> None:
    stage = Stage(kind)
    stage.use_key_otherwise()
    before = stage.times_done()

    stage.effects.perform(stage.claimed())

    stage.market.settle()
    assert "key_reused" in stage.market.staff.topics
    assert stage.times_done() == before
    assert stage.operation.state is not OperationState.REFUSED


@pytest.mark.parametrize("kind", TELLABLE)
def test_what_a_key_used_otherwise_has_made_is_found_and_booked(kind: EffectKind) -> None:
    stage = Stage(kind)
    claimed = stage.claimed()
    stage.effects.kinds[kind].send(claimed, claimed.key(stage.effects.environment))

    done = insisting_on(stage, KeyReused("Other parameters.")).perform(claimed)

    assert done.state is OperationState.DONE
    assert stage.findings() == []


def test_a_key_used_otherwise_stays_unknown_while_the_gateway_cannot_be_asked() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    stage.market.fault("find_refund", FaultKind.LOST_REQUEST)

    left = insisting_on(stage, KeyReused("Other parameters.")).perform(stage.claimed())

    assert left.state is OperationState.UNKNOWN
    assert left.error == "Other parameters."


# --- 5xx, timeout, reset: unknown ----------------------------------------------------------------

lost = pytest.mark.parametrize(
    "fault",
    [
        FaultKind.LOST_REQUEST,
        FaultKind.LOST_ANSWER,
        FaultKind.ERROR_NOW,
        FaultKind.ERROR_LATER,
        FaultKind.SLOW,
    ],
)


@every_kind
@lost
def test_an_unknown_outcome_is_found_out_and_happens_once(
    kind: EffectKind, fault: FaultKind
) -> None:
    stage = Stage(kind)
    once(stage, fault)

    stage.effects.perform(stage.claimed())
    stage.converge()

    assert stage.operation.state is OperationState.DONE
    assert len(stage.keys()) == 1
    assert len(stage.market.world.chronicle.made_by(stage.id)) <= 1
    assert stage.times_done() == 1
    assert stage.findings() == []


@pytest.mark.parametrize("fault", [FaultKind.LOST_REQUEST, FaultKind.LOST_ANSWER])
@every_kind
def test_a_request_whose_message_was_lost_once_still_gets_its_answer(
    kind: EffectKind, fault: FaultKind
) -> None:
    stage = Stage(kind)
    once(stage, fault)

    assert stage.effects.perform(stage.claimed()).state is OperationState.DONE


@every_kind
def test_a_cached_error_without_effect_is_never_given_another_key_before_26_hours(
    kind: EffectKind,
) -> None:
    stage = Stage(kind)
    once(stage, FaultKind.ERROR_NEVER)
    stage.effects.perform(stage.claimed())

    for _ in range(25):
        stage.recover()
        stage.market.wall.advance(timedelta(hours=1))

    assert stage.operation.state is OperationState.UNKNOWN
    assert (stage.operation.attempt, len(stage.keys()), stage.times_done()) == (1, 1, 0)


@every_kind
def test_after_26_hours_another_attempt_is_safe_and_made(kind: EffectKind) -> None:
    stage = Stage(kind)
    once(stage, FaultKind.ERROR_NEVER)
    stage.effects.perform(stage.claimed())

    assert stage.recover(hours=26).attempt == 2
    assert stage.recover().state is OperationState.DONE
    assert (stage.times_done(), len(stage.keys())) == (1, 2)
    assert stage.findings() == []


def test_between_23_and_26_hours_nothing_is_sent() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    always(stage, FaultKind.LOST_REQUEST)
    stage.effects.perform(stage.claimed())
    stage.market.world.controls.faults.clear_faults()
    sent = len(stage.sent())

    waiting = stage.recover(hours=24)

    assert (waiting.state, waiting.attempt) == (OperationState.UNKNOWN, 1)
    assert len(stage.sent()) == sent


def test_what_was_done_is_found_however_late_it_is_asked_for() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    always(stage, FaultKind.LOST_ANSWER)
    stage.market.fault("find_refund", FaultKind.LOST_REQUEST, times=2)
    assert stage.effects.perform(stage.claimed()).state is OperationState.UNKNOWN

    assert stage.recover(hours=24).state is OperationState.UNKNOWN
    assert stage.recover(hours=10).state is OperationState.DONE
    assert stage.times_done() == 1


def test_after_a_second_attempt_a_person_is_told_and_it_is_tried_on() -> None:
    """Found by the simulator: two cached errors in a row left money in its reservation for ever."""
    stage = Stage(EffectKind.CREATE_REFUND)
    always(stage, FaultKind.ERROR_NEVER)
    stage.effects.perform(stage.claimed())
    stage.recover(hours=26)
    stage.recover()
    assert (stage.operation.attempt, stage.times_done()) == (2, 0)

    stage.market.world.controls.faults.clear_faults()
    stage.recover(hours=26)
    stage.recover()
    stage.market.settle()

    assert stage.market.staff.topics.count("stuck_operation") == 1
    assert stage.operation.state is OperationState.DONE
    assert (stage.operation.attempt, stage.times_done()) == (3, 1)
    assert stage.findings() == []


def test_a_person_is_told_of_a_stuck_operation_once_a_day_and_not_all_the_time() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    always(stage, FaultKind.ERROR_NEVER)
    stage.effects.perform(stage.claimed())
    stage.recover(hours=26)
    stage.recover()

    for _ in range(48):
        stage.market.wall.advance(timedelta(hours=1))
        stage.market.settle()

    assert 1 <= stage.market.staff.topics.count("stuck_operation") <= 2


def test_a_gateway_that_cannot_be_asked_leaves_the_outcome_unknown() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    once(stage, FaultKind.LOST_ANSWER)
    stage.market.fault("find_refund", FaultKind.LOST_REQUEST, times=2)

    assert stage.effects.perform(stage.claimed()).state is OperationState.UNKNOWN
    assert stage.recover().state is OperationState.UNKNOWN
    assert stage.recover().state is OperationState.DONE
    assert stage.times_done() == 1


def test_a_busy_answer_after_a_lost_one_gives_nothing_up() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    once(stage, FaultKind.ERROR_LATER)
    stage.market.fault("create_refund", FaultKind.LOCKED, times=3)

    assert stage.effects.perform(stage.claimed()).state is OperationState.UNKNOWN
    stage.converge()
    assert stage.times_done() == 1


def test_an_unknown_outcome_is_told_in_the_unit_that_notes_it() -> None:
    stage = Stage(EffectKind.CREATE_REFUND)
    always(stage, FaultKind.LOST_REQUEST)
    told: list[OperationState] = []

    stage.effects.perform(stage.claimed(), then=lambda _, operation: told.append(operation.state))

    assert told == [OperationState.UNKNOWN]


# --- Our own commit lost -------------------------------------------------------------------------


@every_kind
def test_who_dies_before_the_call_is_carried_on_by_the_worker(kind: EffectKind) -> None:
    stage = Stage(kind)

    assert stage.recover().state is OperationState.DONE
    assert stage.times_done() == 1
    assert stage.findings() == []


@every_kind
def test_who_dies_after_the_call_is_carried_on_without_a_second_effect(kind: EffectKind) -> None:
    stage = Stage(kind)
    claimed = stage.claimed()
    with stage.fragile.dying_before_booking(kind):
        stage.effects.perform(claimed)
    assert stage.operation.state is OperationState.INTENT

    assert stage.recover().state is OperationState.DONE
    assert stage.times_done() == 1
    assert stage.findings() == []


@pytest.mark.parametrize("kind", TELLABLE)
def test_what_the_webhook_told_meanwhile_is_not_booked_again(kind: EffectKind) -> None:
    stage = Stage(kind)
    claimed = stage.claimed()
    with stage.fragile.dying_before_booking(kind):
        stage.effects.perform(claimed)
    stage.market.settle()
    books = stage.market.balances()

    assert stage.recover().state is OperationState.DONE
    assert stage.market.balances() == books
    assert stage.findings() == []
