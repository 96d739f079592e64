"""What has happened to others: incidents of other platforms, told here, without their ends.

Only those that no other test tells already. Those between threads and processes are in
`tests/races`.
"""

from datetime import timedelta

from application.payments import ConfirmPayment
from domain.payments import PaymentStatus
from tests.application.post import SUCCEEDED, deliver, deliver_all, is_clean, paid_and_untold, told
from tests.market import Market

TWENTY = timedelta(minutes=20)


def test_a_good_payment_is_not_given_back_because_it_was_confirmed_and_told() -> None:
    market = Market()
    payment = paid_and_untold(market)
    market.do(ConfirmPayment(payment_id=payment), market.admin())
    (event,) = told(market, SUCCEEDED)
    market.world.deliveries.tell_again(event)

    deliver(market, event)
    deliver_all(market, backwards=True)
    market.settle()

    assert market.payment(payment).status is PaymentStatus.SUCCEEDED
    assert market.world.chronicle.refunds() == []
    assert is_clean(market)


def test_a_success_that_is_told_late_does_not_revive_a_refunded_payment() -> None:
    market = Market()
    lesson = market.paid_lesson()
    market.refund(market.admin(), lesson.payment)
    market.settle()
    (event,) = told(market, SUCCEEDED)

    again = market.world.deliveries.tell_again(event)
    market.advance(days=1)
    deliver(market, again)
    market.settle()

    assert market.payment(lesson.payment).status is PaymentStatus.REFUNDED
    assert market.payment(lesson.payment).refunded == market.payment(lesson.payment).amount
    assert len(market.world.chronicle.payments()) == 1
    assert is_clean(market)


def test_three_lessons_of_twenty_minutes_are_one_hour_to_the_minute_and_the_cent() -> None:
    market = Market()
    student, gig = market.student(), market.gig(market.teacher())
    start = market.clock.now() + timedelta(days=2)
    lessons = [
        market.booking(market.book(student, gig, starts_at=start + number * TWENTY, minutes=20))
        for number in range(3)
    ]
    assert sum(each.period.minutes for each in lessons) == 60
    assert sum(each.price.minor for each in lessons) == 75_00
