import pytest
from attrs import evolve

from application.ports.gateway import (
    Declined,
    GatewayBusy,
    GatewayRefused,
    KeyReused,
    NewAccount,
    OutcomeUnknown,
)
from tests.contract.gateway.builders import (
    a_card,
    a_customer,
    a_paid_payment,
    an_account,
    an_open_payment,
    confirmation,
    fresh,
    long_before,
    new_payment,
    new_refund,
    new_transfer,
)
from tests.contract.gateway.harness import GatewayHarness


def test_the_same_key_makes_one_payment(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    request = new_payment(a_customer(gateway), payment_method="pm_card_visa")
    key = fresh("key")
    first = gateway.payments.create_payment(request, key=key)
    again = gateway.payments.create_payment(request, key=key)
    assert again == first
    charges = [each for each in gateway.books.balance_transactions() if each.kind == "charge"]
    assert [each.source for each in charges] == [first.charge]


def test_the_same_key_makes_one_refund(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway)
    request, key = new_refund(paid, 1000), fresh("key")
    first = gateway.refunds.create_refund(request, key=key)
    assert gateway.refunds.create_refund(request, key=key) == first
    assert gateway.payments.payment(paid.id).refunded == 1000


def test_the_same_key_makes_one_transfer(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    account, paid = an_account(harness), a_paid_payment(gateway)
    request = new_transfer(account, 1000, source_charge=paid.charge)
    key = fresh("key")
    first = gateway.transfers.create_transfer(request, key=key)
    assert gateway.transfers.create_transfer(request, key=key) == first
    transfers = [each for each in gateway.books.balance_transactions() if each.kind == "transfer"]
    assert [each.amount for each in transfers] == [-1000]


def test_the_same_key_makes_one_account(harness: GatewayHarness) -> None:
    accounts = harness.gateway.accounts
    request = NewAccount(operation=fresh(), teacher="usr_1", email="teacher@tuition.test")
    key = fresh("key")
    first = accounts.create_account(request, key=key)
    assert accounts.create_account(request, key=key) == first


def test_the_same_key_attaches_one_card(harness: GatewayHarness) -> None:
    customer, key = a_customer(harness.gateway), fresh("key")
    cards = harness.gateway.cards
    first = cards.attach_card("pm_card_visa", customer=customer, key=key)
    assert cards.attach_card("pm_card_visa", customer=customer, key=key) == first
    assert cards.cards_of(customer) == (first,)


def test_a_saved_answer_does_not_follow_later_changes(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    request, key = new_payment(a_customer(gateway)), fresh("key")
    first = gateway.payments.create_payment(request, key=key)
    harness.world.confirm_in_browser(first.id, "pm_card_visa")
    assert gateway.payments.create_payment(request, key=key).status == first.status


def test_a_decline_is_saved_too(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    payment = an_open_payment(gateway)
    request, key = confirmation(payment, "pm_card_chargeDeclined"), fresh("key")
    told = []
    for _ in range(2):
        with pytest.raises(Declined) as refused:
            gateway.payments.confirm_payment(request, key=key)
        told.append((refused.value.code, refused.value.decline_code, refused.value.payment))
        harness.world.confirm_in_browser(payment.id, "pm_card_chargeDeclinedLostCard")
    assert told[0] == told[1]


def test_a_key_with_other_parameters_is_refused(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    request, key = new_payment(a_customer(gateway)), fresh("key")
    first = gateway.payments.create_payment(request, key=key)
    with pytest.raises(KeyReused):
        gateway.payments.create_payment(evolve(request, amount=7600), key=key)
    assert gateway.payments.payment(first.id).amount == 7500


def test_a_key_of_another_method_is_refused(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    key = fresh("key")
    paid = a_paid_payment(gateway)
    gateway.refunds.create_refund(new_refund(paid, 100), key=key)
    with pytest.raises(KeyReused):
        gateway.payments.cancel_payment(paid.id, key=key)


def test_two_keys_make_two_refunds_of_the_same_amount(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway)
    first = gateway.refunds.create_refund(new_refund(paid, 1000), key=fresh("key"))
    second = gateway.refunds.create_refund(new_refund(paid, 1000), key=fresh("key"))
    assert first.id != second.id
    assert gateway.payments.payment(paid.id).refunded == 2000


def test_a_lost_request_had_no_effect_and_can_be_sent_again(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    customer = a_customer(gateway)
    request, key = new_payment(customer), fresh("key")
    since = long_before(harness.wall_now())
    harness.network.lose_next_request("create_payment")
    with pytest.raises(OutcomeUnknown):
        gateway.payments.create_payment(request, key=key)
    find = gateway.payments.find_payment
    assert find(request.operation, customer=customer, since=since) is None
    payment = gateway.payments.create_payment(request, key=key)
    assert find(request.operation, customer=customer, since=since) == payment


def test_a_lost_answer_had_its_effect_and_the_key_brings_it_back(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    customer = a_customer(gateway)
    request, key = new_payment(customer, payment_method="pm_card_visa"), fresh("key")
    harness.network.lose_next_answer("create_payment")
    with pytest.raises(OutcomeUnknown):
        gateway.payments.create_payment(request, key=key)
    found = gateway.payments.find_payment(
        request.operation, customer=customer, since=long_before(harness.wall_now())
    )
    assert found is not None
    assert found.captured == 7500
    assert gateway.payments.create_payment(request, key=key).id == found.id


def test_a_lost_decline_is_found_by_probing(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    payment = an_open_payment(gateway)
    request, key = confirmation(payment, "pm_card_chargeDeclined"), fresh("key")
    harness.network.lose_next_answer("confirm_payment")
    with pytest.raises(OutcomeUnknown):
        gateway.payments.confirm_payment(request, key=key)
    probed = gateway.payments.payment(payment.id)
    assert probed.failure is not None
    with pytest.raises(Declined):
        gateway.payments.confirm_payment(request, key=key)


def test_a_lost_refund_is_found_by_its_operation(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway)
    request, key = new_refund(paid, 1000), fresh("key")
    harness.network.lose_next_answer("create_refund")
    with pytest.raises(OutcomeUnknown):
        gateway.refunds.create_refund(request, key=key)
    found = gateway.refunds.find_refund(request.operation, payment=paid.id)
    assert found is not None
    assert gateway.refunds.create_refund(request, key=key) == found
    assert gateway.payments.payment(paid.id).refunded == 1000


@pytest.mark.parametrize("happened", [True, False])
def test_a_key_replays_an_error_of_the_gateway_for_ever(
    harness: GatewayHarness, happened: bool
) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway)
    request, key = new_refund(paid, 1000), fresh("key")
    harness.network.break_next("create_refund", after_effect=happened)
    for _ in range(3):
        with pytest.raises(OutcomeUnknown):
            gateway.refunds.create_refund(request, key=key)
    found = gateway.refunds.find_refund(request.operation, payment=paid.id)
    assert (found is not None) is happened
    assert gateway.payments.payment(paid.id).refunded == (1000 if happened else 0)


@pytest.mark.parametrize("cause", ["locked", "limited"])
def test_a_busy_gateway_did_nothing_and_takes_the_same_key_later(
    harness: GatewayHarness, cause: str
) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway)
    request, key = new_refund(paid, 1000), fresh("key")
    if cause == "locked":
        harness.network.lock_next("create_refund")
    else:
        harness.network.limit_next("create_refund")
    with pytest.raises(GatewayBusy):
        gateway.refunds.create_refund(request, key=key)
    assert gateway.refunds.find_refund(request.operation, payment=paid.id) is None
    assert gateway.refunds.create_refund(request, key=key).amount == 1000


def test_reading_fails_as_unknown_too(harness: GatewayHarness) -> None:
    payment = an_open_payment(harness.gateway)
    harness.network.lose_next_answer("payment")
    with pytest.raises(OutcomeUnknown):
        harness.gateway.payments.payment(payment.id)
    assert harness.gateway.payments.payment(payment.id) == payment


def test_a_lost_cancellation_is_probed_by_reading(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    payment, key = an_open_payment(gateway), fresh("key")
    harness.network.lose_next_answer("cancel_payment")
    with pytest.raises(OutcomeUnknown):
        gateway.payments.cancel_payment(payment.id, key=key)
    assert gateway.payments.payment(payment.id).status == "canceled"
    assert gateway.payments.cancel_payment(payment.id, key=key).status == "canceled"


def test_a_refusal_by_state_is_saved_too(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    customer, key = a_customer(gateway), fresh("key")
    card = a_card(gateway, customer)
    gateway.cards.detach_card(card, key=fresh("key"))
    for _ in range(2):
        with pytest.raises(GatewayRefused):
            gateway.cards.detach_card(card, key=key)
