"""Words that are stored, published, or named in settings: once used, they never change."""

import re
from collections.abc import Iterator
from enum import StrEnum

import pytest

from domain.bookings import BookingStatus, Funding, Party, PaymentState
from domain.cards import BRAND_NAMES
from domain.earnings import EarningKind, EarningState, PayoutMethod, PayoutStatus
from domain.errors import DomainError
from domain.fees import FeeBearing
from domain.gigs import Confirmation
from domain.ids import PREFIXES
from domain.ledger import BANK, CASH, FEE, GOODWILL, PROCESSING, PROMOTION, SUSPENSE, AccountKind
from domain.money import EXPONENTS
from domain.payments import PaymentStatus, Stage
from domain.people import Role
from domain.policies import PRESETS, Fault, Outcome
from domain.refunds import RefundCause, RefundStatus

WORDS: dict[type[StrEnum], str] = {
    AccountKind: "cash:gateway cash:bank clearing dispute_hold receivable pending fee_deferred"
    " payable held in_flight refunding prepaid suspense owed tax fee breakage processing"
    " dispute_fee promotion goodwill chargeback bad_debt",
    BookingStatus: "requested confirmed declined expired cancelled completed no_show"
    " teacher_no_show",
    Confirmation: "teacher instant",
    EarningKind: "lesson refund refund_failed transfer_reversed carried",
    EarningState: "pending held available in_transit paid debt",
    Fault: "student teacher platform none",
    FeeBearing: "proportional kept absorbed",
    Funding: "card hours free",
    Outcome: "completed cancelled_by_student cancelled_by_teacher cancelled_by_platform"
    " student_no_show teacher_no_show declined expired",
    Party: "student teacher platform",
    PaymentState: "unpaid pending paid failed partially_refunded refunded",
    PaymentStatus: "pending requires_action processing succeeded partially_refunded refunded"
    " failed canceling canceled",
    PayoutMethod: "stripe manual",
    PayoutStatus: "pending in_transit paid failed",
    RefundCause: "manual cancellation no_show late_payment owed",
    RefundStatus: "requested approved reserved pending succeeded failed",
    Role: "student teacher admin",
    Stage: "unfunded pending earned suspense",
}

CODES = {
    "AccountNotReady": "account_not_ready",
    "AmountTooLarge": "amount_too_large",
    "AmountTooSmall": "amount_too_small",
    "BookingAlreadyPaid": "booking_already_paid",
    "BookingNotCancellable": "booking_not_cancellable",
    "BookingNotConfirmed": "booking_not_confirmed",
    "BookingNotEnded": "booking_not_ended",
    "BookingNotPaid": "booking_not_paid",
    "BookingStateConflict": "booking_state_conflict",
    "Conflict": "conflict",
    "CurrencyMismatch": "currency_mismatch",
    "EmailTaken": "email_taken",
    "Forbidden": "forbidden",
    "GatewayUnavailable": "gateway_unavailable",
    "GigNotBookable": "gig_not_bookable",
    "InvalidField": "validation_failed",
    "NoShowOutOfTime": "no_show_out_of_time",
    "NotAuthenticated": "not_authenticated",
    "NotAwaitingConfirmation": "booking_not_requested",
    "NotFound": "not_found",
    "NothingToPayOut": "nothing_to_pay_out",
    "OwnGig": "own_gig",
    "PaymentDisputed": "payment_disputed",
    "PaymentStateConflict": "payment_state_conflict",
    "PayoutStateConflict": "payout_state_conflict",
    "RateLimited": "rate_limited",
    "RefundExceedsRefundable": "refund_exceeds_refundable",
    "RefundNotOwed": "refund_not_owed",
    "Refused": "refused",
    "RescheduleNotPossible": "reschedule_not_possible",
    "SlotTaken": "slot_taken",
    "StaleWrite": "stale_write",
    "StorageUnavailable": "storage_unavailable",
    "TokenExpired": "token_expired",
    "Unavailable": "unavailable",
}


def of_the_domain(kind: type) -> Iterator[type]:
    below: type
    for below in kind.__subclasses__():
        if below.__module__.startswith("domain."):
            yield below
        yield from of_the_domain(below)


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_each_word_is_what_it_always_was(kind: type[StrEnum]) -> None:
    assert [str(member.value) for member in kind] == WORDS[kind].split()


def test_no_enumeration_is_forgotten() -> None:
    assert set(of_the_domain(StrEnum)) == set(WORDS)


def test_each_error_has_the_code_that_clients_know() -> None:
    found = {kind.__name__: kind.__dict__["code"] for kind in of_the_domain(DomainError)}

    assert found == CODES
    assert DomainError.code == "error"


def test_the_prefix_of_an_id_tells_what_it_is_of() -> None:
    assert PREFIXES == {
        "user": "usr",
        "session": "ses",
        "gig": "gig",
        "booking": "bk",
        "payment": "pay",
        "refund": "re",
        "card": "card",
        "payout": "po",
        "earning": "ern",
        "operation": "op",
        "entry": "le",
        "audit": "aud",
        "message": "msg",
        "request": "req",
    }


def test_accounts_that_are_nobodys_are_named_by_their_kind() -> None:
    own = (CASH, BANK, SUSPENSE, FEE, PROCESSING, PROMOTION, GOODWILL)

    assert [str(account) for account in own] == [
        *("cash:gateway", "cash:bank", "suspense", "fee", "processing", "promotion", "goodwill")
    ]


def test_presets_are_found_by_the_name_that_they_have() -> None:
    assert {name: policy.name for name, policy in PRESETS.items()} == {
        "flexible": "flexible",
        "moderate": "moderate",
        "strict": "strict",
    }


def test_currencies_have_codes_of_three_letters_and_at_most_three_digits() -> None:
    assert all(re.fullmatch("[a-z]{3}", code) for code in EXPONENTS)
    assert {code for code, exponent in EXPONENTS.items() if exponent == 0} == {
        *("bif", "clp", "djf", "gnf", "isk", "jpy", "kmf", "krw"),
        *("pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"),
    }
    assert {code for code, exponent in EXPONENTS.items() if exponent == 3} == {
        *("bhd", "iqd", "jod", "kwd", "lyd", "omr", "tnd"),
    }
    assert set(EXPONENTS.values()) == {0, 2, 3}


def test_brands_are_written_as_their_owners_write_them() -> None:
    assert BRAND_NAMES == {
        "visa": "Visa",
        "mastercard": "Mastercard",
        "amex": "American Express",
        "discover": "Discover",
        "diners": "Diners Club",
        "jcb": "JCB",
        "unionpay": "UnionPay",
    }
