"""Teachers' money in a market: letting it become available, and looking at it."""

from datetime import timedelta

from application.commands import Actor
from application.earnings import (
    GetEarnings,
    ListEarningLines,
    ListPayouts,
)
from application.ports.gateway import NewAccount, NewTransfer
from application.ports.storage import PageRequest, PayoutFilter
from domain.earnings import (
    EarningState,
    Payout,
)
from tests.market import Lesson, Market

SHARE = 6375
"""What Tina gets of 75.00."""

ALL = PayoutFilter()


def available_lesson(market: Market, *, has_account: bool = True) -> Lesson:
    """Let a lesson's money become available while the worker is away."""
    lesson = market.paid_lesson()
    if has_account:
        market.enable_account(lesson.teacher)
    market.complete(lesson.teacher, lesson.booking)
    market.settle()
    market.clock.advance(timedelta(days=10))
    return lesson


def payouts(market: Market, teacher: Actor) -> tuple[Payout, ...]:
    """Return a teacher's payouts, newest first."""
    return market.do(ListPayouts(where=ALL, page=PageRequest()), teacher).items


def standing(market: Market, teacher: Actor) -> dict[str, int]:
    """Return the parts of a teacher's only standing that are not zero, in minor units."""
    (found,) = market.do(GetEarnings(), teacher)
    parts = ("pending", "held", "available", "in_transit", "paid", "debt")
    amounts = {part: getattr(found, part).minor for part in parts}
    return {part: amount for part, amount in amounts.items() if amount}


def line_states(market: Market, teacher: Actor) -> list[EarningState]:
    """Return where each line of a statement stands, oldest first."""
    return [line.state for line in market.do(ListEarningLines(), teacher).items][::-1]


def is_clean(market: Market) -> bool:
    """Tell whether the books prove true."""
    market.settle()
    return market.installation.verification().run().is_clean


def drain(market: Market) -> None:
    """Let the gateway's balance be spent on something else."""
    gateway = market.world.gateway
    account = gateway.accounts.create_account(
        NewAccount(operation="op_elsewhere", teacher="usr_x", email="x@y.test"), key="k1"
    )
    market.world.controls.outside.enable_account(account.id)
    gateway.transfers.create_transfer(
        NewTransfer(
            operation="op_elsewhere",
            account=account.id,
            amount=gateway.books.balances()["usd"],
            currency="usd",
            transfer_group="x",
            metadata={},
        ),
        key="k2",
    )
