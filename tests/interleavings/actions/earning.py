"""Accounts and payouts."""

from application.ports.records import Answer
from entrypoints.http.controllers import earnings
from tests.interleavings.ground import Ground
from tests.market import the_id

HOME = {"return_url": None}


def teacher_asks_for_a_payout(ground: Ground) -> Answer:
    return ground.ask(ground.teacher, earnings.request_payout, {})


def admin_pays_out_by_hand(ground: Ground) -> Answer:
    body = {"teacher_id": the_id(ground.teacher), "method": "manual", "reference": "wire 9"}
    return ground.ask(ground.admin, earnings.request_payout, body)


def worker_pays_teachers(ground: Ground) -> None:
    ground.works("PayTeachers")


def admin_marks_the_payout_paid(ground: Ground) -> Answer:
    return ground.ask(
        ground.admin,
        earnings.mark_payout_paid,
        {"reference": "wire 9"},
        payout_id=ground.named["payout"],
    )


def gateway_takes_the_transfer_back(ground: Ground) -> None:
    """Reverse 20.00 of the transfer, and tell of it."""
    ground.stage.world.outside.reverse_transfer(ground.named["transfer"], 20_00)
    told = ground.event("transfer.reversed")
    ground.end_turn()
    ground.hears(told)


def gateway_tells_of_the_transfer(ground: Ground) -> None:
    ground.hears(ground.named["transfer_told"])


def teacher_opens_an_account(ground: Ground) -> Answer:
    return ground.ask(ground.teacher, earnings.create_onboarding_link, HOME)


def account_passes_the_checks(ground: Ground) -> None:
    """Enable the account, and tell of it."""
    ground.stage.world.outside.enable_account(ground.named["account"])
    told = ground.event("account.updated")
    ground.end_turn()
    ground.hears(told)
