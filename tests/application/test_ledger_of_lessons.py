"""The books after each step of a lesson's life: the rows of the table in docs/domain.md."""

import pytest

from application.earnings import MarkPayoutPaid, RequestPayout
from application.ports.test_mode import FaultKind
from domain.gigs import Teaching
from tests.builders import after
from tests.market import Market, the_id


@pytest.fixture
def market() -> Market:
    return Market()


def lines(market: Market, key_begins: str) -> dict[str, int]:
    """Return the lines of the one entry whose key begins so, by kind of account."""
    (found,) = market.storage.read(
        lambda views: [
            sealed.entry
            for sealed in views.books.entries()
            if sealed.entry.key.startswith(key_begins)
        ]
    )
    return {str(line.account.kind): line.amount.minor for line in found.lines}


def test_a_lesson_from_payment_to_payout_row_by_row(market: Market) -> None:
    lesson = market.paid_lesson()
    market.enable_account(lesson.teacher)
    assert lines(market, "payment_succeeded:") == {
        "clearing": 7500,
        "pending": -6375,
        "fee_deferred": -1125,
    }
    assert lines(market, "charge_settled:") == {
        "cash:gateway": 7252,
        "processing": 248,
        "clearing": -7500,
    }
    market.complete(lesson.teacher, lesson.booking)
    assert lines(market, "lesson_ended:") == {
        "pending": 6375,
        "fee_deferred": 1125,
        "payable": -6375,
        "fee": -1125,
    }
    market.advance(days=8)
    assert lines(market, "payout_reserved:") == {"payable": 6375, "in_flight": -6375}
    assert lines(market, "payout_done:") == {"in_flight": 6375, "cash:gateway": -6375}
    assert market.books() == {"cash:gateway": 877, "processing": 248, "fee": -1125}


def test_a_cancellation_row_by_row(market: Market) -> None:
    lesson = market.paid_lesson()
    market.advance(hours=48 - 20)
    market.cancel(lesson.student, lesson.booking)
    assert lines(market, "refund_reserved:") == {
        "pending": 3187,
        "fee_deferred": 563,
        "refunding": -3750,
    }
    assert lines(market, "lesson_ended:") == {
        "pending": 3188,
        "fee_deferred": 562,
        "payable": -3188,
        "fee": -562,
    }
    assert lines(market, "refund_confirmed:") == {"refunding": 3750, "cash:gateway": -3750}


def test_a_refund_after_the_end_row_by_row(market: Market) -> None:
    lesson = market.paid_lesson()
    market.complete(lesson.teacher, lesson.booking)
    market.refund(market.admin(), lesson.payment, "10.00")
    assert lines(market, "refund_reserved:") == {
        "payable": 850,
        "fee": 150,
        "refunding": -1000,
    }


def test_the_gateways_fee_waits_until_the_gateway_tells_it(market: Market) -> None:
    market.fault("confirm_in_browser", FaultKind.LATE_SETTLEMENT, delay_seconds=7200)
    market.paid_lesson()
    assert market.books() == {
        "clearing:charge": 7500,
        "pending:booking,tina": -6375,
        "fee_deferred:booking": -1125,
    }
    market.advance(hours=3)
    assert market.books() == {
        "cash:gateway": 7252,
        "processing": 248,
        "pending:booking,tina": -6375,
        "fee_deferred:booking": -1125,
    }


def test_a_free_lesson_books_nothing(market: Market) -> None:
    market.book(market.student(), market.gig(market.teacher(), hourly_rate="0.00"))
    market.advance(days=5)
    assert market.books() == {}


def test_a_payout_by_hand_leaves_the_bank(market: Market) -> None:
    lesson, admin = market.paid_lesson(), market.admin()
    market.complete(lesson.teacher, lesson.booking)
    market.advance(days=8)
    payout = market.do(RequestPayout(teacher_id=the_id(lesson.teacher)), admin)
    market.do(MarkPayoutPaid(payout_id=payout, reference="SEPA 1"), admin)
    assert lines(market, "payout_done:") == {"in_flight": 6375, "cash:bank": -6375}


def test_a_lesson_of_several_teachers_has_a_leg_for_each(market: Market) -> None:
    student = market.student()
    teachers = [market.teacher(name) for name in ("tina", "tom", "tess")]
    weights = tuple(
        Teaching(the_id(teacher), weight)
        for teacher, weight in zip(teachers, (1, 3, 3), strict=True)
    )
    booking = market.book(student, market.gig(teachers[0], teachers=weights))
    market.pay(student, booking)
    books = market.books()
    assert [books[f"pending:booking,{name}"] for name in ("tina", "tom", "tess")] == [
        -911,
        -2732,
        -2732,
    ]
    market.complete(teachers[1], booking)
    market.settle()
    assert sum(amount for name, amount in market.books().items() if "payable" in name) == -6375


def test_two_currencies_never_mix(market: Market) -> None:
    sam, tina = market.student(), market.teacher()
    for currency, start in (("usd", 2), ("eur", 3)):
        gig = market.gig(tina, currency=currency)
        market.pay(sam, market.book(sam, gig, starts_at=after(days=start)))
    balances = market.storage.read(lambda views: list(views.books.balances()))
    for code in ("usd", "eur"):
        assert sum(amount for _, of, amount in balances if of == code) == 0
    assert {of for _, of, _ in balances} == {"usd", "eur"}
