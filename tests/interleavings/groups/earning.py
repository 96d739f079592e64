"""What meets at a teacher's money, and at their account."""

from datetime import timedelta

from tests.interleavings.actions.earning import (
    account_passes_the_checks,
    admin_marks_the_payout_paid,
    admin_pays_out_by_hand,
    gateway_takes_the_transfer_back,
    gateway_tells_of_the_transfer,
    teacher_asks_for_a_payout,
    teacher_opens_an_account,
    worker_pays_teachers,
)
from tests.interleavings.actions.giving_back import admin_refunds_sixty, dashboard_refunds_sixty
from tests.interleavings.actions.paying import (
    gateway_delivers_what_waits,
    worker_recovers_after_a_lease,
)
from tests.interleavings.crossing import CrossingStage
from tests.interleavings.ground import Ground, answered_by, open_ground, paid, with_names
from tests.interleavings.groups.giving_back import GATEWAY_WAS_FASTER
from tests.interleavings.meeting import Group
from tests.market import the_id


def available_money(stage: CrossingStage) -> Ground:
    ground = paid(open_ground(stage))
    # Somebody else's money is there too, or the gateway would have too little for both a refund
    # and a transfer of the same 100.00.
    later = ground.starts_at + timedelta(days=9)
    stage.pay(ground.rival, stage.book(ground.rival, ground.gig, starts_at=later, minutes=180))
    stage.complete(ground.teacher, ground.booking)
    stage.enable_account(ground.teacher)
    # The clock alone moves: nothing that falls due has been done yet.
    stage.clock.advance(timedelta(days=3))
    return ground


AVAILABLE_MONEY = Group(
    name="a teacher's available money",
    open=available_money,
    actions=(
        teacher_asks_for_a_payout,
        admin_pays_out_by_hand,
        worker_pays_teachers,
        admin_refunds_sixty,
        dashboard_refunds_sixty,
        worker_recovers_after_a_lease,
    ),
    excuses=(GATEWAY_WAS_FASTER,),
)


def _transfer(stage: CrossingStage) -> Ground:
    ground = available_money(stage)
    answered_by(teacher_asks_for_a_payout(ground))
    (made,) = stage.world.chronicle.transfers()
    return with_names(ground, transfer=made.id, transfer_told=ground.event("transfer.created"))


TRANSFER = Group(
    name="a transfer that was made",
    open=_transfer,
    actions=(
        gateway_tells_of_the_transfer,
        gateway_takes_the_transfer_back,
        gateway_delivers_what_waits,
        teacher_asks_for_a_payout,
        admin_refunds_sixty,
    ),
)


def _payout_by_hand(stage: CrossingStage) -> Ground:
    ground = available_money(stage)
    made = answered_by(admin_pays_out_by_hand(ground))
    return with_names(ground, payout=made["id"])


PAYOUT_BY_HAND = Group(
    name="a payout by hand",
    open=_payout_by_hand,
    actions=(
        admin_marks_the_payout_paid,
        teacher_asks_for_a_payout,
        worker_pays_teachers,
        admin_refunds_sixty,
    ),
)


def _account(stage: CrossingStage) -> Ground:
    ground = open_ground(stage)
    teacher_opens_an_account(ground)
    found = stage.storage.read(lambda views: views.people.account(the_id(ground.teacher)))
    assert found is not None
    assert found.gateway_id is not None
    return with_names(ground, account=found.gateway_id)


ACCOUNT = Group(
    name="a teacher's account",
    open=_account,
    actions=(account_passes_the_checks, teacher_opens_an_account, gateway_delivers_what_waits),
)

NO_ACCOUNT = Group(
    name="a teacher without an account",
    open=open_ground,
    actions=(teacher_opens_an_account, worker_recovers_after_a_lease),
)

GROUPS = (AVAILABLE_MONEY, TRANSFER, PAYOUT_BY_HAND, ACCOUNT, NO_ACCOUNT)
