"""One value of each kind of aggregate, with what it points at, and the same after a change."""

from typing import Any

from attrs import evolve, frozen

from application.ports.records import OperationState
from domain.bookings import BookingStatus, Party, PaymentState, Reschedule
from domain.payments import CardUsed, Failure, PaymentStatus
from domain.policies import Outcome
from tests.builders import (
    ADMIN,
    LESSON_AT,
    STUDENT,
    TEACHER,
    a_booking,
    a_card,
    a_gig,
    a_paid_payment,
    a_payment,
    a_payout,
    a_refund,
    a_session,
    a_student,
    after,
    an_account,
    an_operation,
    dollars,
    teachings,
)
from tests.contract.storage.school import OTHER_TEACHER


@frozen(kw_only=True)
class Kind:
    """A value that can be saved into a storage which holds `needs`, and the same with changes."""

    repository: str
    id: str
    value: Any
    changed: Any
    needs: tuple[Any, ...] = ()


def _kind(
    repository: str, value: Any, *, id: str = "", needs: tuple[Any, ...] = (), **changes: Any
) -> Kind:
    return Kind(
        repository=repository,
        id=id or value.id,
        value=value,
        changed=evolve(value, **changes),
        needs=needs,
    )


KINDS = (
    _kind(
        "users",
        a_student("usr_new"),
        email="Élodie@Example.com",
        name="Élodie %_\\ 🎹",
        gateway_customer_id="cus_1",
        fee_basis_points=1250,
    ),
    _kind("sessions", a_session(), used_at=after(hours=1), revoked_at=after(hours=2)),
    _kind(
        "gigs",
        a_gig("gig_new"),
        teachers=teachings(TEACHER, OTHER_TEACHER),
        hourly_rate=dollars(12_345),
        is_active=False,
        accepts_hours=False,
        updated_at=after(hours=1),
    ),
    _kind(
        "bookings",
        a_booking("bk_new", BookingStatus.REQUESTED, teachers=(TEACHER, OTHER_TEACHER)),
        status=BookingStatus.NO_SHOW,
        payment_status=PaymentState.PARTIALLY_REFUNDED,
        payment_is_processing=True,
        outcome=Outcome.STUDENT_NO_SHOW,
        settles_at=after(days=6),
        answer_due_at=None,
        cancel_reason="ill",
        reschedule=Reschedule(
            starts_at=after(days=9), proposed_by=Party.TEACHER, answer_by=LESSON_AT
        ),
    ),
    _kind(
        "payments",
        a_payment("pay_new", booking_id=None, teachers=(TEACHER, OTHER_TEACHER)),
        status=PaymentStatus.FAILED,
        attempt=2,
        gateway_id="pi_1",
        client_secret="pi_1_secret_2",
        used=CardUsed(method_type="card", brand="visa", last4="4242"),
        failure=Failure(code="card_declined", message="No.", decline_code="generic_decline"),
        read_at=after(minutes=1),
    ),
    _kind(
        "refunds",
        a_refund("re_new", booking_id=None),
        needs=(a_paid_payment("pay_1", booking_id=None),),
        gateway_id="re_1",
        failure_reason="lost_or_stolen_card",
        has_succeeded=True,
        is_owed=True,
        requested_by=None,
    ),
    _kind("cards", a_card("card_new"), removed_at=after(hours=1), is_default=False, country=None),
    _kind(
        "accounts",
        an_account(TEACHER, gateway_id=None, payouts_enabled=False),
        id=TEACHER,
        gateway_id="acct_1",
        payouts_enabled=True,
    ),
    _kind(
        "payouts",
        a_payout("po_new"),
        gateway_id="tr_1",
        reversed=dollars(100),
        reference="by hand",
        paid_at=after(hours=3),
    ),
    _kind(
        "operations",
        an_operation("op_new", subject=STUDENT),
        state=OperationState.REFUSED,
        attempt=2,
        result="pi_1",
        error="timeout",
        refusal={"code": "card_declined", "decline_code": None},
        params={"nested": {"a": "b"}, "amount": 10, "on": True, "none": None, "by": ADMIN},
    ),
)
"""Deliveries are not among them: their repository begins with `receive`."""

BY_NAME = {kind.repository: kind for kind in KINDS}
