"""The quote that is shown with a cancellation is the one that is carried out."""

from datetime import datetime, timedelta

from domain.payments import PaymentStatus
from tests.builders import after
from tests.market import Market


def test_a_cancellation_on_the_last_instant_of_a_tier_gives_back_what_it_says() -> None:
    market = Market()
    lesson = market.paid_lesson()
    boundary = market.booking(lesson.booking).period.start - timedelta(hours=24)
    market.clock.move_to(boundary)
    told = market.clock.now

    def ticking() -> datetime:
        market.clock.advance(timedelta(microseconds=1))
        return told() - timedelta(microseconds=1)

    market.clock.now = ticking  # type: ignore[method-assign]
    quote = market.cancel(lesson.student, lesson.booking)

    assert after(days=1) == boundary
    assert quote.refund_percent == 100
    assert market.payment(lesson.payment).refunded == quote.student
    assert market.payment(lesson.payment).status is PaymentStatus.REFUNDED
