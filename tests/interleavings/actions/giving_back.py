"""Refunds, and what banks make of them."""

from typing import Any

from application.commands import Actor
from application.ports.records import Answer
from entrypoints.http.controllers import payments
from tests.interleavings.ground import Ground


def _refunds(ground: Ground, who: Actor, **body: Any) -> Answer:
    return ground.ask(
        who,
        payments.refund_payment,
        {"reason": "sorry", **body},
        payment_id=ground.named["payment"],
    )


def admin_refunds_sixty(ground: Ground) -> Answer:
    return _refunds(ground, ground.admin, amount="60.00")


def admin_refunds_twenty(ground: Ground) -> Answer:
    return _refunds(ground, ground.admin, amount="20.00")


def admin_refunds_all(ground: Ground) -> Answer:
    return _refunds(ground, ground.admin)


def teacher_refunds_sixty(ground: Ground) -> Answer:
    return _refunds(ground, ground.teacher, amount="60.00")


def student_refunds_all(ground: Ground) -> Answer:
    return _refunds(ground, ground.student)


def student_refunds_a_part(ground: Ground) -> Answer:
    return _refunds(ground, ground.student, amount="30.00")


def dashboard_refunds_sixty(ground: Ground) -> None:
    """Refund at the gateway itself, of which we are told afterwards."""
    world = ground.stage.world
    world.outside.refund_payment(ground.named["intent"], 60_00)
    told = ground.event("refund.created")
    ground.end_turn()
    ground.hears(told)


def bank_settles_it(ground: Ground) -> None:
    ground.stage.world.outside.settle_refund(ground.named["gateway_refund"])


def bank_returns_it(ground: Ground) -> None:
    """Let the refund fail, and tell of it."""
    ground.stage.world.outside.fail_refund(ground.named["gateway_refund"])
    told = ground.event("refund.failed")
    ground.end_turn()
    ground.hears(told)


def gateway_tells_of_the_refund(ground: Ground) -> None:
    ground.hears(ground.named["refund_told"])


def gateway_tells_of_the_return_again(ground: Ground) -> None:
    ground.hears(ground.named["return_told_again"])


def admin_sends_it_again(ground: Ground) -> Answer:
    return ground.ask(ground.admin, payments.retry_refund, refund_id=ground.named["refund"])


def admin_pays_it_by_hand(ground: Ground) -> Answer:
    return ground.ask(
        ground.admin,
        payments.mark_refund_paid,
        {"reference": "wire 7"},
        refund_id=ground.named["refund"],
    )
