"""Accounts and payouts."""

from entrypoints.http.controllers import earnings
from tests.crash.requests import Later
from tests.crash.scenarios.openings import PRICE, SHARE, taught
from tests.crash.stage import Scene, Stage
from tests.crash.whole import Tally
from tests.market import the_id

HOME = {"return_url": None}


def onboarding_a_teacher(stage: Stage) -> Scene:
    teacher = stage.teacher()
    link = stage.request(teacher, earnings.create_onboarding_link, HOME)

    def passes_the_checks() -> None:
        account = stage.storage.read(lambda views: views.people.account(the_id(teacher)))
        if account is None or account.gateway_id is None:
            return
        if not stage.world.gateway.accounts.account(account.gateway_id).transfers_enabled:
            stage.world.controls.outside.enable_account(account.gateway_id)

    return Scene((link, passes_the_checks, stage.settle), Tally(accounts=1))


def paying_out_on_demand(stage: Stage) -> Scene:
    teacher = taught(stage, has_account=True)
    payout = stage.request(teacher, earnings.request_payout, {})
    return Scene(
        (payout, stage.settle),
        Tally(charged=PRICE, transferred=SHARE, customers=1, accounts=1),
        may_be_forestalled_by="nothing_to_pay_out",
    )


def paying_out_by_the_worker(stage: Stage) -> Scene:
    taught(stage, has_account=True)
    return Scene((stage.settle,), Tally(charged=PRICE, transferred=SHARE, customers=1, accounts=1))


def paying_out_by_hand(stage: Stage) -> Scene:
    teacher, admin = taught(stage, has_account=False), stage.admin()
    payout = stage.request(admin, earnings.request_payout, {"teacher_id": the_id(teacher)})
    mark = Later(
        lambda: stage.request(
            admin,
            earnings.mark_payout_paid,
            {"reference": "wire 9"},
            payout_id=payout.result()["id"],
        )
    )
    return Scene((payout, mark, stage.settle), Tally(charged=PRICE, customers=1))


def taking_a_transfer_back(stage: Stage) -> Scene:
    teacher = taught(stage, has_account=True)
    stage.request(teacher, earnings.request_payout, {})()
    stage.settle()
    (transfer,) = stage.world.chronicle.transfers()
    stage.world.controls.outside.reverse_transfer(transfer.id, 20_00)
    return Scene(
        (stage.settle,),
        Tally(charged=PRICE, transferred=SHARE - 20_00, customers=1, accounts=1),
    )
