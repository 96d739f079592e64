"""What people, banks and chance do, in test mode. None of it is routed where money is real."""

from collections.abc import Callable
from typing import Any, TypeVar

from application.ports.gateway import GatewayRefused
from application.ports.test_mode import Fault
from domain.errors import Conflict, NotFound
from domain.ids import UserId
from entrypoints.http.endpoints import Call, Reply, Resource
from entrypoints.http.policies import TEST_MODE
from entrypoints.http.presenters import operations as present
from entrypoints.http.schemas import operations as schema
from entrypoints.http.services import TestMode

R = TypeVar("R")

test_mode = Resource("/test", tag="Test mode")


class TestModeConflict(Conflict):
    """The gateway's state does not allow this step."""

    code = "gateway_state_conflict"


@test_mode.post(
    "/payment-intents/{payment_intent_id}/confirm",
    keyed=False,
    who=TEST_MODE,
    answers={200: schema.BrowserAnswer},
    refuses=(TestModeConflict,),
)
def test_confirm_intent(
    payment_intent_id: str, body: schema.BrowserConfirmation, call: Call
) -> Reply:
    """Confirm a payment as its payer does in the browser.

    The answer is what Stripe.js would say, a decline included. The signed webhook follows by
    itself.
    """
    answer = _outside(
        call, lambda mode: mode.controls.browser.confirm(payment_intent_id, body.payment_method)
    )
    return Reply(200, present.browser_answer(answer))


@test_mode.post(
    "/payment-intents/{payment_intent_id}/authenticate",
    keyed=False,
    who=TEST_MODE,
    answers={200: schema.BrowserAnswer},
    refuses=(TestModeConflict,),
)
def test_authenticate_intent(payment_intent_id: str, body: schema.Challenge, call: Call) -> Reply:
    """Pass or fail the 3-D Secure challenge that a payment waits for."""
    answer = _outside(
        call, lambda mode: mode.controls.browser.authenticate(payment_intent_id, body.outcome)
    )
    return Reply(200, present.browser_answer(answer))


@test_mode.post(
    "/setup-intents/{setup_intent_id}/complete",
    keyed=False,
    who=TEST_MODE,
    answers={200: schema.BrowserAnswer},
    refuses=(TestModeConflict,),
)
def test_complete_setup(
    setup_intent_id: str, body: schema.BrowserConfirmation, call: Call
) -> Reply:
    """Finish setting a card up as its owner does in the browser."""
    answer = _outside(
        call,
        lambda mode: mode.controls.browser.complete_setup(setup_intent_id, body.payment_method),
    )
    return Reply(200, present.browser_answer(answer))


@test_mode.post(
    "/refunds/{refund_id}/fail",
    keyed=False,
    who=TEST_MODE,
    answers={200: schema.Done},
    refuses=(TestModeConflict,),
)
def test_fail_refund(refund_id: str, body: schema.FailedRefund, call: Call) -> Reply:
    """Let the bank send a refund back, at once or weeks later. Takes our id, or the gateway's."""
    gateway_id = _refund_at_gateway(call, refund_id)
    _outside(call, lambda mode: mode.controls.outside.fail_refund(gateway_id, body.reason))
    return Reply(200, schema.Done(done=True))


@test_mode.post(
    "/accounts/{account_id}/enable",
    keyed=False,
    who=TEST_MODE,
    answers={200: schema.Done},
    refuses=(TestModeConflict,),
)
def test_enable_account(account_id: str, call: Call) -> Reply:
    """Let a teacher's account pass the gateway's checks. Takes our id, or the gateway's."""
    gateway_id = _account_at_gateway(call, account_id)
    _outside(call, lambda mode: mode.controls.outside.enable_account(gateway_id))
    return Reply(200, schema.Done(done=True))


@test_mode.get("/clock", who=TEST_MODE, answers={200: schema.ClockReading})
def test_clock(call: Call) -> Reply:
    """Tell what time it is in business."""
    return Reply(200, schema.ClockReading(now=call.services.clock.now()))


@test_mode.post("/clock", keyed=False, who=TEST_MODE, answers={200: schema.ClockReading})
def test_advance_clock(body: schema.Advance, call: Call) -> Reply:
    """Move business time forward.

    What falls due on the way happens in its order before this answers: bookings expire and
    complete, payouts go out, the gateway's webhooks arrive.
    """
    now = _mode(call).advance_clock(body.advance_seconds)
    return Reply(200, schema.ClockReading(now=now))


@test_mode.post("/faults", keyed=False, who=TEST_MODE, answers={201: schema.Fault})
def test_add_fault(body: schema.NewFault, call: Call) -> Reply:
    """Let the next calls to the gateway go wrong."""
    fault = Fault(
        method=body.method,
        kind=body.kind,
        times=body.times,
        matching=body.matching,
        delay_seconds=body.delay_seconds,
        decline_code=body.decline_code,
    )
    return Reply(201, schema.Fault(id=_mode(call).controls.faults.add_fault(fault)))


@test_mode.delete("/faults", who=TEST_MODE, answers={204: None})
def test_clear_faults(call: Call) -> Reply:
    """Forget the faults that still wait."""
    _mode(call).controls.faults.clear_faults()
    return Reply(204)


def _mode(call: Call) -> TestMode:
    if call.services.test_mode is None:
        raise NotFound("This address")
    return call.services.test_mode


def _outside(call: Call, act: Callable[[TestMode], R]) -> R:
    """Let something happen outside, and wake the worker: its webhooks are due."""
    try:
        result = act(_mode(call))
    except GatewayRefused as refused:
        if refused.code == "resource_missing":
            raise NotFound("This object") from refused
        raise TestModeConflict(str(refused)) from refused
    call.services.wake_worker()
    return result


def _refund_at_gateway(call: Call, id: str) -> str:
    known: Any = call.services.read(lambda views: views.refunds.find(id))
    return id if known is None or known.gateway_id is None else str(known.gateway_id)


def _account_at_gateway(call: Call, id: str) -> str:
    known: Any = call.services.read(lambda views: views.people.account(UserId(id)))
    return id if known is None or known.gateway_id is None else str(known.gateway_id)
