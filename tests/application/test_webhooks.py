"""Webhooks in: kept before they are acknowledged, and each applied once."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.fake.webhooks import sign
from application.cards import AddCard
from application.commands import Actor
from application.earnings import CreateOnboardingLink, GetTeacherAccount
from application.payments import CreatePaymentIntent, ProcessPayment
from application.ports.gateway import NewAccount, NewCustomer, NewPayment, NewTransfer
from application.ports.records import DeliveryState
from application.ports.storage import AuditFilter, DeliveryFilter, PageRequest
from application.ports.test_mode import FaultKind
from application.upkeep import ProcessInbox
from application.webhooks import (
    GetDelivery,
    ListDeliveries,
    Processing,
    ReceiveWebhook,
    ReplayDelivery,
    WebhookRejected,
)
from domain.errors import Forbidden, NotFound
from domain.ids import PaymentId
from domain.payments import PaymentStatus
from entrypoints.composition.assembly import assemble
from tests.application.interrupted import Fragile
from tests.application.post import deliver, deliver_all, in_inbox, send, told
from tests.market import Market

SUCCEEDED = "payment_intent.succeeded"


def opened(market: Market) -> tuple[PaymentId, str]:
    """Begin a payment in the browser; return our id and the gateway's."""
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    payment = market.do(CreatePaymentIntent(booking_id=booking), student).payment_id
    gateway_id = market.payment(payment).gateway_id
    assert gateway_id is not None
    return payment, gateway_id


def paid_and_untold(market: Market) -> PaymentId:
    """Pay in the browser; the webhook waits."""
    payment, gateway_id = opened(market)
    market.world.controls.browser.confirm(gateway_id, "pm_card_visa")
    return payment


def is_clean(market: Market) -> bool:
    """Tell whether the books prove true."""
    market.settle()
    return market.installation.verification().run().is_clean


# --- Receiving -----------------------------------------------------------------------------------


def test_a_delivery_is_kept_and_applied_at_once() -> None:
    market = Market()
    payment = paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)

    deliver(market, event)

    kept = in_inbox(market, event)
    assert (kept.state, kept.tries, kept.next_try_at) == (DeliveryState.APPLIED, 1, None)
    assert kept.body == market.world.deliveries.delivery_of(event).body
    assert market.payment(payment).status is PaymentStatus.SUCCEEDED


def test_a_delivery_is_kept_even_when_it_cannot_be_applied_now() -> None:
    market = Market()
    payment = paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    market.fault("payment", FaultKind.LOST_REQUEST)

    deliver(market, event)

    kept = in_inbox(market, event)
    assert (kept.state, kept.tries) == (DeliveryState.RECEIVED, 1)
    assert kept.error is not None
    assert market.payment(payment).status is PaymentStatus.PENDING


@pytest.mark.parametrize("signature", [None, "", "t=1,v1=00", "nonsense"])
def test_a_delivery_with_a_bad_signature_is_refused_and_not_kept(signature: str | None) -> None:
    market = Market()
    paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    body = market.world.deliveries.delivery_of(event).body

    with pytest.raises(WebhookRejected):
        market.do(ReceiveWebhook(body=body, signature=signature))
    assert market.storage.read(lambda views: views.deliveries.find(event)) is None


def test_an_altered_or_stale_delivery_is_refused() -> None:
    market = Market()
    paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    delivery = market.world.deliveries.delivery_of(event)

    with pytest.raises(WebhookRejected):
        market.do(ReceiveWebhook(body=delivery.body + b" ", signature=delivery.signature))
    market.wall.advance(timedelta(seconds=301))
    with pytest.raises(WebhookRejected):
        market.do(ReceiveWebhook(body=delivery.body, signature=delivery.signature))


def test_a_delivery_signed_with_another_secret_is_refused() -> None:
    market = Market()
    body = b"{}"

    with pytest.raises(WebhookRejected):
        market.do(ReceiveWebhook(body=body, signature=sign(body, "whsec_other", market.wall.now())))


# --- Once, whatever the order --------------------------------------------------------------------


def test_the_same_delivery_again_changes_nothing() -> None:
    market = Market()
    payment = paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    deliver(market, event)
    before = (market.payment(payment), market.balances(), in_inbox(market, event))

    deliver(market, event)

    assert (market.payment(payment), market.balances(), in_inbox(market, event)) == before


def test_the_same_fact_under_two_ids_is_booked_once() -> None:
    market = Market()
    payment = paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    again = market.world.deliveries.tell_again(event)
    deliver(market, event)
    books = market.balances()

    deliver(market, again)

    assert in_inbox(market, again).state is DeliveryState.APPLIED
    assert market.balances() == books
    assert market.payment(payment).captured.minor == 7500
    assert is_clean(market)


def test_events_in_reverse_order_days_late_come_to_the_same() -> None:
    market, other = Market(), Market()
    for each in (market, other):
        lesson = each.paid_lesson("pm_card_pendingRefund")
        each.refund(each.admin(), lesson.payment, "30.00")
        each.world.controls.outside.settle_refund(each.world.chronicle.refunds()[0].id)
    other.clock.advance(timedelta(days=3))

    deliver_all(market)
    deliver_all(other, backwards=True)

    assert market.books() == other.books()
    assert is_clean(market)
    assert is_clean(other)


def test_a_late_processing_does_not_undo_a_success() -> None:
    market = Market()
    payment, gateway_id = opened(market)
    market.world.controls.browser.confirm(gateway_id, "pm_usBankAccount_success")
    (processing,) = told(market, "payment_intent.processing")
    market.advance(days=10)
    assert market.payment(payment).status is PaymentStatus.SUCCEEDED

    deliver(market, processing)

    assert market.payment(payment).status is PaymentStatus.SUCCEEDED


def test_a_success_that_is_told_before_our_own_commit_is_found_by_its_operation() -> None:
    fragile = Fragile()
    market = Market(storage=fragile.storage)
    student = market.student()
    market.do(AddCard(payment_method_id="pm_card_visa"), student)
    booking = market.book(student, market.gig(market.teacher()))
    with fragile.dying_before_booking("payment.create"):
        market.do(ProcessPayment(booking_id=booking), student)
    (payment,) = market.payments()
    assert payment.gateway_id is None

    deliver(market, told(market, SUCCEEDED)[0])

    assert market.payment(payment.id).status is PaymentStatus.SUCCEEDED
    assert is_clean(market)


def test_processing_what_is_done_does_nothing() -> None:
    market = Market()
    paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    deliver(market, event)

    assert processing_of(market).process(event) is False
    assert processing_of(market).process("evt_absent") is False


def processing_of(market: Market) -> Processing:
    """Return what applies deliveries, as the installation has it."""
    handler: Any = assemble(market.installation.pieces)[ProcessInbox]
    processing: Processing = handler.processing
    return processing


# --- Later ---------------------------------------------------------------------------------------


def test_a_gateway_that_is_away_is_asked_again_later_and_later() -> None:
    market = Market()
    payment = paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    market.fault("payment", FaultKind.RATE_LIMITED, times=3)
    pauses = []

    deliver(market, event)
    for _ in range(3):
        market.do(ProcessInbox())
        due = in_inbox(market, event).next_try_at
        assert due is not None
        pauses.append((due - market.wall.now()).total_seconds())
        market.wall.move_to(due)
    market.do(ProcessInbox())

    assert pauses == [2.0, 4.0, 8.0]
    assert market.payment(payment).status is PaymentStatus.SUCCEEDED


def test_staff_are_told_once_when_a_delivery_has_failed_eight_times() -> None:
    market = Market()
    paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    market.fault("payment", FaultKind.LOST_REQUEST, times=None)
    deliver(market, event)

    for tries in range(1, 12):
        assert in_inbox(market, event).tries == tries
        assert market.staff.topics.count("stuck_delivery") == (1 if tries >= 8 else 0)
        market.wall.advance(timedelta(hours=1))
        market.settle()


def test_a_pause_is_an_hour_at_most() -> None:
    market = Market()
    paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    market.fault("payment", FaultKind.LOST_REQUEST, times=None)
    deliver(market, event)
    for _ in range(14):
        market.wall.advance(timedelta(hours=1))
        market.settle()

    due = in_inbox(market, event).next_try_at
    assert due is not None
    assert due - market.wall.now() <= timedelta(hours=1)


# --- What nobody knows ---------------------------------------------------------------------------


def test_money_for_nothing_we_know_goes_to_suspense_and_staff_are_told() -> None:
    market = Market()
    stray(market)
    market.settle()

    assert market.books()["suspense"] == -2000
    assert market.staff.topics == ["suspense"]


def stray(market: Market) -> str:
    """Charge somebody past us, as somebody with the same gateway account can; return the event."""
    gateway = market.world.gateway
    customer = gateway.customers.create_customer(
        NewCustomer(operation="op_other", user="usr_other", email="a@b.test", name="A"), key="k1"
    )
    gateway.payments.create_payment(
        NewPayment(
            operation="op_elsewhere",
            amount=2000,
            currency="usd",
            customer=customer.id,
            description="Elsewhere",
            transfer_group="x",
            metadata={},
            payment_method="pm_card_visa",
        ),
        key="k2",
    )
    return told(market, SUCCEEDED)[-1]


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
    with fragile.dying_before_booking("account.create"):
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


# --- Staff ---------------------------------------------------------------------------------------


def test_staff_look_through_deliveries_newest_first() -> None:
    market = Market()
    admin = market.admin()
    market.paid_lesson()

    page = market.do(ListDeliveries(where=DeliveryFilter(), page=PageRequest()), admin)
    by_type = market.do(
        ListDeliveries(where=DeliveryFilter(type=SUCCEEDED), page=PageRequest()), admin
    )

    assert len(page.items) >= 1
    assert [one.type for one in by_type.items] == [SUCCEEDED]
    assert market.do(GetDelivery(delivery_id=page.items[0].id), admin) == page.items[0]


def test_nobody_else_sees_deliveries() -> None:
    market = Market()
    student = market.student()

    with pytest.raises(Forbidden):
        market.do(ListDeliveries(where=DeliveryFilter(), page=PageRequest()), student)
    with pytest.raises(Forbidden):
        market.do(GetDelivery(delivery_id="evt_1"), student)
    with pytest.raises(Forbidden):
        market.do(ReplayDelivery(delivery_id="evt_1"), student)


def test_a_delivery_that_is_not_there_is_not_found() -> None:
    market = Market()
    admin = market.admin()

    with pytest.raises(NotFound):
        market.do(GetDelivery(delivery_id="evt_absent"), admin)
    with pytest.raises(NotFound):
        market.do(ReplayDelivery(delivery_id="evt_absent"), admin)


def test_a_replay_applies_a_delivery_again_and_is_audited() -> None:
    market = Market()
    admin: Actor = market.admin()
    event = send(market, SUCCEEDED, {"id": "pi_absent", "object": "payment_intent"})

    assert market.do(ReplayDelivery(delivery_id=event), admin) == event

    assert in_inbox(market, event).tries == 2
    (entry,) = market.storage.read(
        lambda views: views.audit.list(AuditFilter(subject=event), PageRequest())
    ).items
    assert (entry.action, entry.actor_id) == ("webhook_event.replay", admin.user_id)
    assert dict(entry.before) == {"state": "suspended"}


def test_a_replay_of_what_was_applied_books_nothing_again() -> None:
    market = Market()
    admin = market.admin()
    market.paid_lesson()
    (event,) = told(market, SUCCEEDED)
    books = market.balances()

    market.do(ReplayDelivery(delivery_id=event), admin)

    assert in_inbox(market, event).state is DeliveryState.APPLIED
    assert market.balances() == books
