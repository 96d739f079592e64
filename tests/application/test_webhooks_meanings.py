"""What each type of event means, and what becomes of one that nobody knows."""

from datetime import timedelta

import pytest

from application.earnings import CreateOnboardingLink, GetTeacherAccount
from application.effects import EffectKind
from application.ports.gateway import NewAccount, NewCustomer, NewPayment, NewTransfer
from application.ports.records import DeliveryState
from application.ports.test_mode import FaultKind
from domain.payments import PaymentStatus
from tests.application.interrupted import Fragile
from tests.application.post import (
    SUCCEEDED,
    deliver,
    deliver_all,
    in_inbox,
    is_clean,
    paid_and_untold,
    send,
    stray,
    told,
)
from tests.market import Market

# --- What nobody knows ---------------------------------------------------------------------------


def test_money_for_nothing_we_know_goes_to_suspense_and_staff_are_told() -> None:
    market = Market()
    stray(market)
    market.settle()

    assert market.books()["suspense"] == -2000
    assert market.staff.topics == ["suspense"]


def test_money_in_suspense_is_booked_once_however_often_it_is_told() -> None:
    market = Market()
    event = stray(market)
    market.world.deliveries.tell_again(event)
    market.settle()
    deliver_all(market)

    assert market.books()["suspense"] == -2000
    assert in_inbox(market, event).state is DeliveryState.SUSPENDED


def test_a_payment_elsewhere_that_took_no_money_is_ignored() -> None:
    market = Market()
    gateway = market.world.gateway
    customer = gateway.customers.create_customer(
        NewCustomer(operation="op_other", user="usr_other", email="a@b.test", name="A"), key="k1"
    )
    made = gateway.payments.create_payment(
        NewPayment(
            operation="op_elsewhere",
            amount=2000,
            currency="usd",
            customer=customer.id,
            description="Elsewhere",
            transfer_group="x",
            metadata={},
        ),
        key="k2",
    )
    market.world.gateway.payments.cancel_payment(made.id, key="k3")
    market.settle()

    (event,) = told(market, "payment_intent.canceled")
    assert in_inbox(market, event).state is DeliveryState.IGNORED
    assert market.balances() == {}


def test_an_object_that_the_gateway_itself_does_not_know_is_put_aside_for_a_person() -> None:
    market = Market()

    event = send(market, SUCCEEDED, {"id": "pi_absent", "object": "payment_intent"})
    market.settle()

    assert in_inbox(market, event).state is DeliveryState.SUSPENDED
    assert in_inbox(market, event).error is not None
    assert market.staff.topics == ["suspense"]


@pytest.mark.parametrize(
    ("type_", "about"),
    [
        ("customer.created", {"id": "cus_1", "object": "customer"}),
        ("charge.succeeded", {"id": "ch_1", "object": "charge", "payment_intent": None}),
        ("charge.refund.updated", {"id": "ch_1", "object": "charge"}),
        ("payout.created", {"id": "po_1", "object": "payout", "amount": 1, "currency": "usd"}),
        ("payout.paid", {"id": "po_1", "object": "payout", "currency": "usd"}),
        ("payout.paid", {"id": "po_1", "object": "payout", "amount": 1}),
        ("setup_intent.succeeded", {"id": "seti_1", "object": "setup_intent"}),
        ("charge.dispute.updated", {"id": "dp_1", "object": "dispute"}),
        ("something.new.at.stripe", {"id": "x_1", "object": "x"}),
    ],
)
def test_what_says_nothing_to_us_is_kept_and_ignored(type_: str, about: dict[str, object]) -> None:
    market = Market()

    event = send(market, type_, about)

    assert in_inbox(market, event).state is DeliveryState.IGNORED
    assert market.balances() == {}


def test_an_event_of_the_other_mode_is_kept_and_never_applied() -> None:
    market = Market()
    payment = paid_and_untold(market)
    gateway_id = market.payment(payment).gateway_id

    event = send(market, SUCCEEDED, {"id": gateway_id, "object": "payment_intent"}, livemode=True)

    assert in_inbox(market, event).state is DeliveryState.IGNORED
    assert market.payment(payment).status is PaymentStatus.PENDING


def test_what_happens_in_a_teachers_own_account_is_not_ours() -> None:
    market = Market()

    event = send(
        market,
        SUCCEEDED,
        {"id": "pi_of_theirs", "object": "payment_intent"},
        account="acct_teacher",
    )

    assert in_inbox(market, event).state is DeliveryState.IGNORED


# --- Refunds, transfers, bank payouts, accounts, disputes ----------------------------------------


def test_a_refund_in_the_gateways_dashboard_is_taken_over() -> None:
    market = Market()
    lesson = market.paid_lesson()
    gateway_id = market.payment(lesson.payment).gateway_id
    assert gateway_id is not None

    market.world.controls.outside.refund_payment(gateway_id, 3000)
    market.settle()

    (refund,) = market.refunds()
    assert (refund.amount.minor, refund.status) == (3000, "succeeded")
    assert market.payment(lesson.payment).refunded.minor == 3000
    deliver_all(market)
    assert len(market.refunds()) == 1
    assert is_clean(market)


def test_a_refund_that_is_told_before_its_payments_success_waits_for_it() -> None:
    market = Market()
    payment = paid_and_untold(market)
    gateway_id = market.payment(payment).gateway_id
    assert gateway_id is not None
    market.world.controls.outside.refund_payment(gateway_id, 3000)

    deliver(market, told(market, "refund.created")[0])
    assert in_inbox(market, told(market, "refund.created")[0]).state is DeliveryState.RECEIVED
    deliver(market, told(market, SUCCEEDED)[0])
    market.wall.advance(timedelta(seconds=3))
    market.settle()

    assert market.payment(payment).refunded.minor == 3000
    assert market.staff.topics == []
    assert is_clean(market)


def test_a_refund_in_the_dashboard_waits_for_one_of_ours_that_may_leave_no_room_for_it() -> None:
    """Found by the simulator: ours was refused later, and nobody took the other one in."""
    market = Market()
    lesson = market.paid_lesson()
    gateway_id = market.payment(lesson.payment).gateway_id
    assert gateway_id is not None
    market.fault("create_refund", FaultKind.LOST_REQUEST, times=2)
    ours = market.refund(market.admin(), lesson.payment, "60.00")
    market.world.controls.outside.refund_payment(gateway_id, 60_00)

    market.settle()
    (event,) = told(market, "refund.created")
    assert in_inbox(market, event).state is DeliveryState.RECEIVED

    market.wall.advance(timedelta(minutes=5))
    market.settle()
    market.wall.advance(timedelta(minutes=5))
    market.settle()
    assert market.refund_of(ours).status == "failed"
    assert in_inbox(market, event).state is DeliveryState.APPLIED
    assert market.payment(lesson.payment).refunded.minor == 60_00
    assert is_clean(market)


def test_a_refund_of_a_payment_that_nobody_knows_is_put_aside() -> None:
    market = Market()
    stray(market)
    market.settle()
    market.world.controls.outside.refund_payment(market.world.chronicle.payments()[0].id, 500)
    market.settle()

    (event, *_) = told(market, "refund.created")
    assert in_inbox(market, event).state is DeliveryState.SUSPENDED


def test_a_transfer_that_nobody_knows_is_put_aside() -> None:
    market = Market()
    lesson = market.paid_lesson()
    market.enable_account(lesson.teacher)
    market.advance(days=8)
    account = market.storage.read(
        lambda views: views.people.account(lesson.teacher.user_id)  # type: ignore[arg-type]
    )
    assert account is not None
    market.world.gateway.transfers.create_transfer(
        NewTransfer(
            operation="op_elsewhere",
            account=account.gateway_id or "",
            amount=100,
            currency="usd",
            transfer_group="x",
            metadata={},
        ),
        key="k",
    )
    market.settle()

    event = told(market, "transfer.created")[-1]
    assert in_inbox(market, event).state is DeliveryState.SUSPENDED
    assert "suspense" in market.staff.topics


BANK_PAYOUT = {"id": "po_bank", "object": "payout", "amount": 5000, "currency": "usd"}


def test_the_gateways_payout_to_our_bank_moves_cash_to_the_bank_once() -> None:
    market = Market()

    send(market, "payout.paid", BANK_PAYOUT, id="evt_1")
    send(market, "payout.paid", BANK_PAYOUT, id="evt_2")

    assert market.balances() == {"cash:bank": 5000, "cash:gateway": -5000}


@pytest.mark.parametrize(
    "order",
    [("payout.paid", "payout.failed"), ("payout.failed", "payout.paid"), ("payout.failed",)],
)
def test_a_bank_payout_that_failed_moves_nothing_whatever_was_told_before(
    order: tuple[str, ...],
) -> None:
    market = Market()

    for type_ in order:
        send(market, type_, BANK_PAYOUT)

    assert market.balances() == {}


def test_a_teachers_own_bank_payout_is_theirs() -> None:
    market = Market()

    send(market, "payout.paid", BANK_PAYOUT, account="acct_1")

    assert market.balances() == {}


def test_an_account_that_nobody_knows_is_ignored() -> None:
    market = Market()
    made = market.world.gateway.accounts.create_account(
        NewAccount(operation="op_elsewhere", teacher="usr_x", email="x@y.test"), key="k"
    )
    market.world.controls.outside.enable_account(made.id)
    market.settle()

    (event,) = told(market, "account.updated")
    assert in_inbox(market, event).state is DeliveryState.IGNORED


def test_an_account_that_is_enabled_before_our_own_commit_is_looked_at_again() -> None:
    fragile = Fragile()
    market = Market(storage=fragile.storage)
    teacher = market.teacher()
    with fragile.dying_before_booking(EffectKind.CREATE_ACCOUNT):
        market.do(CreateOnboardingLink(return_url="https://school.test"), teacher)
    (made,) = market.world.chronicle.made_by(fragile.operations()[0].id)
    market.world.controls.outside.enable_account(made)
    market.settle()
    (event,) = told(market, "account.updated")
    assert in_inbox(market, event).state is DeliveryState.RECEIVED

    market.wall.advance(timedelta(minutes=3))
    market.settle()
    market.wall.advance(timedelta(minutes=3))
    market.settle()

    assert in_inbox(market, event).state is DeliveryState.APPLIED
    assert market.do(GetTeacherAccount(), teacher).is_ready


def test_an_opened_dispute_is_put_before_staff() -> None:
    market = Market()
    market.paid_lesson("pm_card_createDispute")

    event = send(market, "charge.dispute.created", {"id": "dp_1", "object": "dispute"})
    market.settle()

    assert in_inbox(market, event).state is DeliveryState.SUSPENDED
    assert "suspense" in market.staff.topics
