"""What holds for every value that is stored: how it begins, what makes it equal, what it hides."""

from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest
from attrs import evolve

from domain.bookings import Party, Reschedule
from domain.earnings import TeacherAccount
from domain.errors import BrokenInvariant
from domain.events import EVENTS, WORDY, BookingDeclined, BookingExpired
from domain.gigs import Teaching
from domain.ledger import Account, AccountKind
from domain.money import Currency
from domain.payments import CardUsed, Failure, Observation, PaymentStatus, Stage
from domain.policies import Outcome
from domain.quotes import quote
from domain.refunds import RefundStatus
from domain.time import Period
from tests.builders import (
    LESSON_AT,
    NOW,
    TEACHER,
    a_balance,
    a_booking,
    a_card,
    a_gig,
    a_line,
    a_payment,
    a_payout,
    a_refund,
    a_session,
    a_student,
    an_account,
    an_entry,
    dollars,
)

STORED = (
    *(a_booking(), a_payment(), a_refund(), a_card(), a_gig(), a_student(), a_session()),
    *(an_account(), a_balance(), a_line(), a_payout()),
)
SEEN = Observation(
    status=PaymentStatus.PENDING, captured=dollars(0), gateway_id="pi_1", read_at=NOW
)
DATED = (
    *STORED,
    SEEN,
    an_entry(),
    quote(a_booking(), None, Outcome.COMPLETED, NOW),
    Reschedule(starts_at=LESSON_AT, proposed_by=Party.STUDENT, answer_by=NOW),
    Period(NOW, LESSON_AT),
    BookingExpired(booking="bk_1", at=NOW),
)


def name_of(value: object) -> str:
    return type(value).__name__


@pytest.mark.parametrize("value", STORED, ids=name_of)
def test_a_new_value_has_no_version_and_nothing_to_tell(value: Any) -> None:
    assert (value.version, value.events) == (0, ())


@pytest.mark.parametrize("value", STORED, ids=name_of)
def test_what_it_has_to_tell_is_no_part_of_what_it_is(value: Any) -> None:
    telling = evolve(value, events=(BookingDeclined(booking="bk_1", at=NOW),))

    assert telling == value
    assert telling != evolve(value, version=1)
    assert "events" not in repr(telling)


def instants() -> list[tuple[Any, str]]:
    kinds = (datetime, datetime | None)
    return [(of, at.name) for of in DATED for at in attrs.fields(type(of)) if at.type in kinds]


@pytest.mark.parametrize(
    ("value", "field"),
    [pytest.param(value, field, id=f"{name_of(value)}.{field}") for value, field in instants()],
)
def test_every_instant_is_in_utc(value: Any, field: str) -> None:
    naive = (NOW + timedelta(days=1)).replace(tzinfo=None)

    with pytest.raises(BrokenInvariant, match=field):
        evolve(value, **{field: naive})


@pytest.mark.parametrize(
    ("value", "begins"),
    [
        (
            a_booking(),
            {
                "payment_is_processing": False,
                "outcome": None,
                "settles_at": None,
                "cancel_reason": None,
                "reschedule": None,
            },
        ),
        (
            a_payment(),
            {
                "status": PaymentStatus.PENDING,
                "attempt": 1,
                "stage": Stage.UNFUNDED,
                "read_at": None,
                "gateway_id": None,
                "client_secret": None,
                "charge_id": None,
                "receipt_url": None,
                "used": CardUsed(method_type=None, brand=None, last4=None),
                "failure": None,
                "is_disputed": False,
                "gateway_fee_booked": False,
                "funds_available_at": None,
                "paid_at": None,
                "refunded_at": None,
            },
        ),
        (
            a_refund(),
            {
                "status": RefundStatus.RESERVED,
                "gateway_id": None,
                "failure_reason": None,
                "has_succeeded": False,
                "is_owed": False,
                "settles": None,
            },
        ),
        (a_card(), {"is_listed": True, "removed_at": None}),
        (a_gig(), {"accepts_hours": True, "is_active": True}),
        (a_student(), {"gateway_customer_id": None, "fee_basis_points": None}),
        (a_session(), {"used_at": None, "revoked_at": None}),
        (a_balance(), {"last_payout_at": None}),
        (a_line(), {"payout_id": None}),
        (
            a_payout(),
            {"gateway_id": None, "reference": None, "failure_reason": None, "paid_at": None},
        ),
        (
            TeacherAccount(teacher_id=TEACHER, created_at=NOW, updated_at=NOW),
            {
                "gateway_id": None,
                "charges_enabled": False,
                "payouts_enabled": False,
                "transfers_enabled": False,
                "details_submitted": False,
            },
        ),
        (
            SEEN,
            {
                "client_secret": None,
                "charge_id": None,
                "receipt_url": None,
                "used": CardUsed(method_type=None, brand=None, last4=None),
                "failure": None,
            },
        ),
        (Failure(code="declined", message="No."), {"decline_code": None, "advice": None}),
        (Teaching(TEACHER), {"weight": 1}),
        (Account(AccountKind.FEE), {"owner": ""}),
    ],
    ids=name_of,
)
def test_what_is_not_known_yet_is_not_made_up(value: Any, begins: dict[str, Any]) -> None:
    assert {name: getattr(value, name) for name in begins} == begins


@pytest.mark.parametrize(
    "value",
    [
        a_session(token_hash="a-secret"),
        a_student(password_hash="a-secret"),
        a_payment(client_secret="a-secret"),
        evolve(SEEN, client_secret="a-secret"),
    ],
    ids=name_of,
)
def test_a_secret_shows_in_no_repr(value: object) -> None:
    assert "a-secret" not in repr(value)


def test_a_currency_is_its_code() -> None:
    assert Currency("usd", 2) == Currency("usd", 3)
    assert Currency("usd", 2) != Currency("eur", 2)


def test_every_event_that_can_be_stored_is_known_by_name() -> None:
    assert sorted(EVENTS) == [
        *("BookingCancelled", "BookingCompleted", "BookingConfirmed", "BookingDeclined"),
        *("BookingExpired", "BookingRequested", "BookingRescheduled", "BookingReseated"),
        *("NoShowReported", "PaymentCanceled", "PaymentFailed", "PaymentSucceeded"),
        *("PayoutFailed", "PayoutPaid", "RefundFailed", "RefundReserved", "RefundSucceeded"),
        *("RescheduleProposed", "StaffAlerted"),
    ]


def test_events_that_carry_somebodys_words_are_known() -> None:
    assert [
        *("BookingCancelled", "PaymentFailed", "PayoutFailed", "RefundFailed", "StaffAlerted")
    ] == WORDY
