"""The protocol of every effect on the gateway, row by row of its table of answers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from application.effects import LEASE, Effects, OperationUnderWay, failure_of, fingerprint
from application.ports.gateway import (
    AuthenticationRequired,
    Declined,
    GatewayBusy,
    GatewayError,
    GatewayRefused,
    KeyReused,
    OutcomeUnknown,
)
from application.ports.records import Operation, OperationState
from application.ports.storage import Unit
from application.ports.test_mode import FaultKind
from application.upkeep import RecoverOperations
from domain.errors import GatewayUnavailable
from tests.application.effect_scenes import (
    KINDS,
    SCENES,
    Insisting,
    Stage,
    effects_in,
)
from tests.market import Market

every_kind = pytest.mark.parametrize("kind", KINDS)
TELLABLE = ("payment.create", "refund.create", "transfer.create", "customer.create")
"""Kinds whose doing leaves something with our operation's id, and is told by an event."""


def insisting_on(stage: Stage, error: GatewayError) -> Effects:
    """Return the protocol with the stage's kind always ending in an error."""
    real = stage.effects
    return evolve(real, kinds={**real.kinds, stage.kind: Insisting(real.kinds[stage.kind], error)})


def always(stage: Stage, fault: FaultKind, **more: Any) -> None:
    """Let every call of the stage's method go wrong."""
    stage.market.fault(stage.scene.method, fault, times=None, **more)


def once(stage: Stage, fault: FaultKind, **more: Any) -> None:
    """Let the next call of the stage's method go wrong."""
    stage.market.fault(stage.scene.method, fault, **more)


def test_every_kind_of_effect_has_a_scene() -> None:
    assert set(SCENES) == set(KINDS)
    assert len(KINDS) == len(set(KINDS))


# --- 2xx: definite -------------------------------------------------------------------------------


@every_kind
def test_an_answer_is_booked_and_the_operation_is_done(kind: str) -> None:
    stage = Stage(kind)

    done = stage.effects.perform(stage.claimed())

    assert (done.state, done.tries, done.error) == (OperationState.DONE, 1, None)
    assert done.result is not None
    assert stage.times_done() == 1
    assert stage.findings() == []


@every_kind
def test_performing_what_is_done_sends_nothing_more(kind: str) -> None:
    stage = Stage(kind)
    done = stage.effects.perform(stage.claimed())

    assert stage.effects.perform(done) == done
    assert stage.effects.join(done.id) == done
    assert len(stage.sent()) == 1


@every_kind
def test_the_key_names_environment_kind_operation_and_attempt(kind: str) -> None:
    stage = Stage(kind)
    stage.effects.perform(stage.claimed())

    assert stage.keys() == {f"{stage.effects.environment}:{kind}:{stage.id}:1"}


@every_kind
def test_the_answer_is_committed_in_the_unit_that_books_the_effect(kind: str) -> None:
    stage = Stage(kind)
    told: list[OperationState] = []

    def then(unit: Unit, operation: Operation) -> None:
        told.append(unit.operations.get(operation.id).state)

    stage.effects.perform(stage.claimed(), then=then)

    assert told == [OperationState.DONE]


# --- 400, 402, 403, 404: definite no -------------------------------------------------------------


@every_kind
def test_a_definite_no_releases_what_was_reserved(kind: str) -> None:
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
def test_a_refused_operation_is_never_sent_again(kind: str) -> None:
    stage = Stage(kind)
    refused = insisting_on(stage, GatewayRefused("No.")).perform(stage.claimed())

    assert stage.effects.join(refused.id).state is OperationState.REFUSED
    assert stage.recover(days=2).state is OperationState.REFUSED
    assert stage.sent() == []


@pytest.mark.parametrize(
    "kind", ["payment.create", "refund.create", "transfer.create", "card.attach"]
)
def test_a_new_try_after_a_definite_no_is_a_new_operation(kind: str) -> None:
    stage = Stage(kind)
    insisting_on(stage, GatewayRefused("No.")).perform(stage.claimed())

    stage.market.do(stage.command, stage.actor)

    again = [one for one in stage.fragile.operations() if one.kind == kind][-1]
    assert (again.id != stage.id, again.state) == (True, OperationState.DONE)
    assert stage.market.world.chronicle.made_by(stage.id) == []


@pytest.mark.parametrize("kind", ["payment.create", "payment.confirm", "card.attach"])
def test_a_decline_is_recorded_with_what_the_bank_said(kind: str) -> None:
    stage = Stage(kind)
    once(stage, FaultKind.DECLINED, decline_code="insufficient_funds")

    refused = stage.effects.perform(stage.claimed())

    assert refused.state is OperationState.REFUSED
    assert refused.refusal is not None
    assert refused.refusal["kind"] == "Declined"
    assert refused.refusal["decline_code"] == "insufficient_funds"
    assert stage.findings() == []


# --- 409, 429: not executed ----------------------------------------------------------------------

not_executed = pytest.mark.parametrize("fault", [FaultKind.LOCKED, FaultKind.RATE_LIMITED])


@every_kind
@not_executed
def test_a_busy_gateway_is_asked_again_under_the_same_key_after_a_pause(
    kind: str, fault: FaultKind
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
        stage = Stage("refund.create")
        always(stage, FaultKind.LOCKED)
        claimed = stage.claimed()
        waited: list[float] = []
        effects = evolve(stage.effects, wall=Counting(stage, waited), randomness=Fixed(seed))
        with pytest.raises(GatewayUnavailable):
            effects.perform(claimed)
        pauses.append(waited)
    assert pauses == [[0.2, 0.4], [0.4, 0.8]]


class Fixed:
    """Chance that always says the same."""

    def __init__(self, fraction: float) -> None:
        self._fraction = fraction

    def fraction(self) -> float:
        return self._fraction

    def secret(self) -> str:
        return "secret"


class Counting:
    """The stage's wall clock, with a note of each sleep and something to do in it."""

    def __init__(
        self, stage: Stage, waited: list[float], meanwhile: Callable[[], object] = lambda: None
    ) -> None:
        self._wall = stage.market.wall
        self._waited = waited
        self._meanwhile = meanwhile

    def now(self) -> Any:
        return self._wall.now()

    def sleep(self, seconds: float) -> None:
        self._waited.append(round(seconds, 6))
        self._wall.sleep(seconds)
        self._meanwhile()


@every_kind
@not_executed
def test_a_gateway_that_stays_busy_is_given_up_with_nothing_reserved(
    kind: str, fault: FaultKind
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
    kind: str, fault: FaultKind
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
    stage = Stage("refund.create")
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


# --- The key was used otherwise: our bug ---------------------------------------------------------


@every_kind
def test_a_key_that_was_used_otherwise_alarms_staff_and_is_not_sent_again(kind: str) -> None:
    stage = Stage(kind)
    stage.use_key_otherwise()
    before = stage.times_done()

    stage.effects.perform(stage.claimed())

    stage.market.settle()
    assert "key_reused" in stage.market.staff.topics
    assert stage.times_done() == before
    assert stage.operation.state is not OperationState.REFUSED


@pytest.mark.parametrize("kind", TELLABLE)
def test_what_a_key_used_otherwise_has_made_is_found_and_booked(kind: str) -> None:
    stage = Stage(kind)
    claimed = stage.claimed()
    stage.effects.kinds[kind].send(claimed, claimed.key(stage.effects.environment))

    done = insisting_on(stage, KeyReused("Other parameters.")).perform(claimed)

    assert done.state is OperationState.DONE
    assert stage.findings() == []


def test_a_key_used_otherwise_stays_unknown_while_the_gateway_cannot_be_asked() -> None:
    stage = Stage("refund.create")
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
def test_an_unknown_outcome_is_found_out_and_happens_once(kind: str, fault: FaultKind) -> None:
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
    kind: str, fault: FaultKind
) -> None:
    stage = Stage(kind)
    once(stage, fault)

    assert stage.effects.perform(stage.claimed()).state is OperationState.DONE


@every_kind
def test_a_cached_error_without_effect_is_never_given_another_key_before_26_hours(
    kind: str,
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
def test_after_26_hours_another_attempt_is_safe_and_made(kind: str) -> None:
    stage = Stage(kind)
    once(stage, FaultKind.ERROR_NEVER)
    stage.effects.perform(stage.claimed())

    assert stage.recover(hours=26).attempt == 2
    assert stage.recover().state is OperationState.DONE
    assert (stage.times_done(), len(stage.keys())) == (1, 2)
    assert stage.findings() == []


def test_between_23_and_26_hours_nothing_is_sent() -> None:
    stage = Stage("refund.create")
    always(stage, FaultKind.LOST_REQUEST)
    stage.effects.perform(stage.claimed())
    stage.market.world.controls.faults.clear_faults()
    sent = len(stage.sent())

    waiting = stage.recover(hours=24)

    assert (waiting.state, waiting.attempt) == (OperationState.UNKNOWN, 1)
    assert len(stage.sent()) == sent


def test_what_was_done_is_found_however_late_it_is_asked_for() -> None:
    stage = Stage("refund.create")
    always(stage, FaultKind.LOST_ANSWER)
    stage.market.fault("find_refund", FaultKind.LOST_REQUEST, times=2)
    assert stage.effects.perform(stage.claimed()).state is OperationState.UNKNOWN

    assert stage.recover(hours=24).state is OperationState.UNKNOWN
    assert stage.recover(hours=10).state is OperationState.DONE
    assert stage.times_done() == 1


def test_after_a_second_attempt_a_person_is_told_and_nothing_more_is_sent() -> None:
    stage = Stage("refund.create")
    always(stage, FaultKind.ERROR_NEVER)
    stage.effects.perform(stage.claimed())
    stage.recover(hours=26)
    stage.recover()
    assert stage.operation.attempt == 2

    stage.recover(hours=26)
    sent = len(stage.sent())
    stage.recover(hours=26)

    stage.market.settle()
    assert "stuck_operation" in stage.market.staff.topics
    assert (stage.operation.attempt, len(stage.sent())) == (2, sent)
    assert stage.operation.state is OperationState.UNKNOWN


def test_a_person_is_told_of_a_stuck_operation_once_a_day_and_not_all_the_time() -> None:
    stage = Stage("refund.create")
    always(stage, FaultKind.ERROR_NEVER)
    stage.effects.perform(stage.claimed())
    stage.recover(hours=26)
    stage.recover()

    for _ in range(48):
        stage.market.wall.advance(timedelta(hours=1))
        stage.market.settle()

    assert 1 <= stage.market.staff.topics.count("stuck_operation") <= 2


def test_a_gateway_that_cannot_be_asked_leaves_the_outcome_unknown() -> None:
    stage = Stage("refund.create")
    once(stage, FaultKind.LOST_ANSWER)
    stage.market.fault("find_refund", FaultKind.LOST_REQUEST, times=2)

    assert stage.effects.perform(stage.claimed()).state is OperationState.UNKNOWN
    assert stage.recover().state is OperationState.UNKNOWN
    assert stage.recover().state is OperationState.DONE
    assert stage.times_done() == 1


def test_a_busy_answer_after_a_lost_one_gives_nothing_up() -> None:
    stage = Stage("refund.create")
    once(stage, FaultKind.ERROR_LATER)
    stage.market.fault("create_refund", FaultKind.LOCKED, times=3)

    assert stage.effects.perform(stage.claimed()).state is OperationState.UNKNOWN
    stage.converge()
    assert stage.times_done() == 1


def test_an_unknown_outcome_is_told_in_the_unit_that_notes_it() -> None:
    stage = Stage("refund.create")
    always(stage, FaultKind.LOST_REQUEST)
    told: list[OperationState] = []

    stage.effects.perform(stage.claimed(), then=lambda _, operation: told.append(operation.state))

    assert told == [OperationState.UNKNOWN]


# --- Our own commit lost -------------------------------------------------------------------------


@every_kind
def test_who_dies_before_the_call_is_carried_on_by_the_worker(kind: str) -> None:
    stage = Stage(kind)

    assert stage.recover().state is OperationState.DONE
    assert stage.times_done() == 1
    assert stage.findings() == []


@every_kind
def test_who_dies_after_the_call_is_carried_on_without_a_second_effect(kind: str) -> None:
    stage = Stage(kind)
    claimed = stage.claimed()
    with stage.fragile.dying_before_booking(kind):
        stage.effects.perform(claimed)
    assert stage.operation.state is OperationState.INTENT

    assert stage.recover().state is OperationState.DONE
    assert stage.times_done() == 1
    assert stage.findings() == []


@pytest.mark.parametrize("kind", TELLABLE)
def test_what_the_webhook_told_meanwhile_is_not_booked_again(kind: str) -> None:
    stage = Stage(kind)
    claimed = stage.claimed()
    with stage.fragile.dying_before_booking(kind):
        stage.effects.perform(claimed)
    stage.market.settle()
    books = stage.market.balances()

    assert stage.recover().state is OperationState.DONE
    assert stage.market.balances() == books
    assert stage.findings() == []


# --- Leases and fences ---------------------------------------------------------------------------


@every_kind
def test_who_wakes_after_the_lease_sends_nothing(kind: str) -> None:
    stage = Stage(kind)
    slept = stage.claimed()
    stage.market.wall.advance(LEASE)

    left = stage.effects.perform(slept)

    assert stage.sent() == []
    assert left.state is OperationState.UNKNOWN


def test_a_call_is_begun_only_with_enough_of_the_lease_left() -> None:
    stage = Stage("refund.create")
    claimed = stage.claimed()
    stage.market.wall.advance(LEASE - timedelta(seconds=11))

    stage.effects.perform(claimed)

    assert stage.sent() == []


def test_who_wakes_late_does_not_shorten_the_lease_of_who_took_over() -> None:
    stage = Stage("refund.create")
    slept = stage.claimed()
    stage.market.wall.advance(LEASE)
    taken_over = stage.claim_now()
    assert taken_over is not None

    stage.effects.perform(slept)

    assert stage.operation == taken_over


def test_who_wakes_late_begins_no_other_attempt() -> None:
    stage = Stage("refund.create")
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
    stage = Stage("refund.create")
    stage.claimed()

    assert stage.claim_now() is None


def test_a_refusal_does_not_undo_what_another_has_booked() -> None:
    stage = Stage("refund.create")
    slept = stage.claimed()
    stage.effects.perform(slept)
    books = stage.market.balances()

    late = insisting_on(stage, GatewayRefused("No.")).perform(slept)

    assert late.state is OperationState.DONE
    assert stage.market.balances() == books


# --- Altered params ------------------------------------------------------------------------------


@every_kind
def test_params_that_were_altered_in_the_database_are_never_sent(kind: str) -> None:
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
    stage = Stage("refund.create")
    claimed = stage.claimed()
    real = stage.effects
    waited: list[float] = []
    twin = Counting(stage, waited, lambda: len(waited) == 3 and real.perform(claimed))

    done = evolve(real, wall=twin).join(stage.id)

    assert done.state is OperationState.DONE
    assert len(waited) == 3
    assert stage.times_done() == 1


def test_joining_a_twin_that_takes_too_long_is_refused_for_now() -> None:
    stage = Stage("refund.create")
    stage.claimed()
    before = stage.market.wall.now()

    with pytest.raises(OperationUnderWay):
        stage.effects.join(stage.id)

    waited = (stage.market.wall.now() - before).total_seconds()
    assert 10 <= waited < 10.2


def test_joining_carries_on_for_a_twin_that_died() -> None:
    stage = Stage("refund.create")
    stage.market.wall.advance(LEASE)
    told: list[str | None] = []

    done = stage.effects.join(stage.id, then=lambda _, one: told.append(one.result))

    assert done.state is OperationState.DONE
    assert told == [done.result]


def test_joining_what_was_done_tells_the_answer_again() -> None:
    stage = Stage("refund.create")
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
