"""Teachers' statements in a market."""

from datetime import datetime, timedelta

from application.commands import Actor
from application.earnings import (
    GetEarnings,
    ListEarningLines,
    StatementLine,
)
from domain.earnings import EarningState, Standing
from tests.market import Lesson, Market

HOLD = timedelta(hours=48)
SHARE = 6375
"""What Tina gets of 75.00."""


def earnings(market: Market, teacher: Actor) -> Standing:
    """Return a teacher's money in their only currency."""
    (standing,) = market.do(GetEarnings(), teacher)
    return standing


def lines(market: Market, teacher: Actor) -> list[StatementLine]:
    """Return a teacher's statement, oldest first."""
    return list(market.do(ListEarningLines(), teacher).items)[::-1]


def states(market: Market, teacher: Actor) -> list[EarningState]:
    """Return where each line of a teacher's statement stands, oldest first."""
    return [line.state for line in lines(market, teacher)]


def minors(standing: Standing) -> dict[str, int]:
    """Return the parts of a standing that are not zero, in cents."""
    parts = ("pending", "held", "available", "in_transit", "paid", "debt")
    amounts = {part: getattr(standing, part).minor for part in parts}
    return {part: amount for part, amount in amounts.items() if amount}


def end_of(market: Market, lesson: Lesson) -> datetime:
    """Return when a lesson ends."""
    return market.booking(lesson.booking).period.end


def release(market: Market, lesson: Lesson) -> None:
    """Let the lesson be completed and its money become available."""
    market.complete(lesson.teacher, lesson.booking)
    market.advance(days=10)
