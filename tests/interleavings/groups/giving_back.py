"""What meets at a payment that is given back, and at a refund on its way."""

from collections.abc import Sequence

from application.ports.test_mode import Fault, FaultKind
from tests.interleavings.actions.giving_back import (
    admin_pays_it_by_hand,
    admin_refunds_all,
    admin_refunds_sixty,
    admin_refunds_twenty,
    admin_sends_it_again,
    bank_returns_it,
    bank_settles_it,
    dashboard_refunds_sixty,
    gateway_tells_of_the_refund,
    gateway_tells_of_the_return_again,
    student_refunds_a_part,
    student_refunds_all,
    teacher_refunds_sixty,
)
from tests.interleavings.actions.lessons import student_cancels, teacher_cancels
from tests.interleavings.actions.paying import (
    gateway_delivers_what_waits,
    gateway_tells_it_under_another_id,
    worker_recovers,
    worker_recovers_after_a_lease,
)
from tests.interleavings.crossing import CrossingStage, Errand
from tests.interleavings.ground import Ground, answered_by, open_ground, paid, with_names
from tests.interleavings.meeting import Excuse, Group


def _never_more_than_was_paid(ground: Ground, _: Sequence[Errand]) -> None:
    given_back = sum(
        refund.amount.minor
        for refund in ground.everything("refunds")
        if refund.cause != "owed" and not refund.is_owed and refund.status != "failed"
    )
    assert given_back <= ground.payment.amount.minor


def _paid_booking(stage: CrossingStage) -> Ground:
    ground = paid(open_ground(stage))
    again = stage.world.deliveries.tell_again(ground.event("payment_intent.succeeded"))
    return with_names(ground, success_again=again)


GATEWAY_WAS_FASTER = Excuse(
    why="""Staff refunded at the gateway itself what we had just reserved: ours is refused there,
    nothing of it is given back, and staff are told of the failed refund.""",
    meetings=tuple(
        frozenset({dashboard_refunds_sixty, ours})
        for ours in (
            student_cancels,
            teacher_cancels,
            admin_refunds_sixty,
            teacher_refunds_sixty,
            student_refunds_all,
        )
    ),
    fits=lambda end, _: (
        end[1].at_gateway.refunded == 60_00 and any("failed" in each for each in end[1].refunds)
    ),
)

PAID_BOOKING = Group(
    name="a paid booking",
    open=_paid_booking,
    actions=(
        student_cancels,
        teacher_cancels,
        admin_refunds_sixty,
        teacher_refunds_sixty,
        student_refunds_all,
        student_refunds_a_part,
        dashboard_refunds_sixty,
        gateway_tells_it_under_another_id,
        worker_recovers_after_a_lease,
    ),
    holds=_never_more_than_was_paid,
    excuses=(GATEWAY_WAS_FASTER,),
)


def _refund_that_pends(stage: CrossingStage) -> Ground:
    ground = paid(open_ground(stage))
    fault = Fault(method="create_refund", kind=FaultKind.REFUND_PENDS)
    stage.world.controls.faults.add_fault(fault)
    made = answered_by(admin_refunds_sixty(ground))
    (at_gateway,) = stage.world.chronicle.refunds()
    return with_names(
        ground,
        refund=made["refund_id"],
        gateway_refund=at_gateway.id,
        refund_told=ground.event("refund.created"),
    )


REFUND_THAT_PENDS = Group(
    name="a refund that pends",
    open=_refund_that_pends,
    actions=(
        bank_settles_it,
        bank_returns_it,
        gateway_tells_of_the_refund,
        gateway_delivers_what_waits,
        admin_refunds_twenty,
        admin_refunds_sixty,
        student_cancels,
    ),
    holds=_never_more_than_was_paid,
)


def _refund_that_was_cut_off(stage: CrossingStage) -> Ground:
    """Lose the answer to a refund, and to the look after it."""
    ground = paid(open_ground(stage))
    for method in ("create_refund", "find_refund"):
        stage.world.controls.faults.add_fault(Fault(method=method, kind=FaultKind.LOST_ANSWER))
    made = answered_by(admin_refunds_sixty(ground))
    (at_gateway,) = stage.world.chronicle.refunds()
    return with_names(
        ground,
        refund=made["refund_id"],
        gateway_refund=at_gateway.id,
        refund_told=ground.event("refund.created"),
    )


REFUND_THAT_WAS_CUT_OFF = Group(
    name="a refund that was cut off",
    open=_refund_that_was_cut_off,
    actions=(
        worker_recovers_after_a_lease,
        gateway_tells_of_the_refund,
        bank_returns_it,
        admin_refunds_sixty,
        admin_refunds_twenty,
        student_cancels,
    ),
    holds=_never_more_than_was_paid,
)


def _owed_refund(stage: CrossingStage) -> Ground:
    ground = paid(open_ground(stage))
    made = answered_by(admin_refunds_sixty(ground))
    stage.settle()
    (at_gateway,) = stage.world.chronicle.refunds()
    stage.world.controls.outside.fail_refund(at_gateway.id)
    stage.settle()
    again = stage.world.deliveries.tell_again(ground.event("refund.failed"))
    return with_names(ground, refund=made["refund_id"], return_told_again=again)


OWED_REFUND = Group(
    name="a refund that is owed",
    open=_owed_refund,
    actions=(
        admin_sends_it_again,
        admin_pays_it_by_hand,
        admin_refunds_all,
        student_cancels,
        gateway_tells_of_the_return_again,
        worker_recovers,
    ),
)

GROUPS = (PAID_BOOKING, REFUND_THAT_PENDS, REFUND_THAT_WAS_CUT_OFF, OWED_REFUND)
