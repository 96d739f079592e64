"""Paying in the browser and from the server, and giving money back."""

import pytest

from application.ports.test_mode import Fault, FaultKind
from tests.http.shop import Shop, refused, shown


def test_an_intent_is_opened_once_and_then_answered_again(shop: Shop) -> None:
    wanted = {"booking_id": shop.booking()["id"]}

    first = shown(shop.student.post("/payments/create-payment-intent", wanted), 201)
    again = shown(shop.student.post("/payments/create-payment-intent", wanted), 200)

    assert first == again
    assert first["amount"] == "75.00"
    assert first["currency"] == "usd"
    assert first["client_secret"].startswith(first["payment_intent_id"])


def test_a_payment_confirmed_in_the_browser_is_booked_when_it_is_asked_for(shop: Shop) -> None:
    booking = shop.booking()["id"]
    intent = shown(
        shop.student.post("/payments/create-payment-intent", {"booking_id": booking}), 201
    )

    answer = shown(
        shop.anybody.post(
            f"/test/payment-intents/{intent['payment_intent_id']}/confirm",
            {"payment_method": "pm_card_visa"},
        )
    )
    payment = shown(
        shop.student.post("/payments/confirm-payment", {"payment_id": intent["payment_id"]})
    )

    assert answer["status"] == "succeeded"
    assert payment["status"] == "succeeded"
    assert payment["card_last4"] == "4242"
    assert shown(shop.student.get(f"/bookings/{booking}"))["payment_status"] == "paid"


def test_the_webhook_books_a_payment_too(shop: Shop) -> None:
    booking = shop.booking()["id"]
    intent = shown(
        shop.student.post("/payments/create-payment-intent", {"booking_id": booking}), 201
    )
    shop.anybody.post(f"/test/payment-intents/{intent['payment_intent_id']}/confirm")

    shop.market.settle()

    assert shown(shop.student.get(f"/bookings/{booking}"))["payment_status"] == "paid"


def test_a_card_charged_from_the_server_pays_at_once(shop: Shop) -> None:
    payment = shop.payment()

    assert payment["status"] == "succeeded"
    assert payment["amount"] == payment["list_amount"] == "75.00"
    assert payment["platform_fee_percentage"] == "15.00"
    assert payment["platform_fee_amount"] == "11.25"
    assert payment["teacher_payout_amount"] == "63.75"
    assert payment["refundable_amount"] == "75.00"
    assert payment["student_email"] == "sam@school.test"
    assert payment["teachers"][0]["teacher_email"] == "tina@school.test"
    assert payment["client_secret"] is None


def test_an_instant_gig_is_booked_and_paid_in_one_call(shop: Shop) -> None:
    wanted = {
        "gig_id": shop.gig()["id"],
        "starts_at": "2026-03-04T09:00:00Z",
        "duration_minutes": 60,
        "payment_method_id": "pm_card_visa",
    }

    payment = shown(shop.student.post("/payments/process-payment", wanted), 201)

    booking = shown(shop.student.get(f"/bookings/{payment['booking_id']}"))
    assert booking["payment_status"] == "paid"


def test_a_declined_card_is_told_with_the_banks_advice(shop: Shop) -> None:
    wanted = {
        "booking_id": shop.booking()["id"],
        "payment_method_id": "pm_card_chargeCustomerFail",
    }

    problem = refused(shop.student.post("/payments/process-payment", wanted), 402, "card_declined")

    assert problem["decline_code"] == "generic_decline"
    assert problem["advice"] == "try_again_later"
    assert shown(shop.student.get(f"/payments/{problem['payment_id']}"))["status"] == "failed"


def test_a_challenge_hands_the_secret_to_the_payer_alone(shop: Shop) -> None:
    wanted = {
        "booking_id": shop.booking()["id"],
        "payment_method_id": "pm_card_authenticationRequired",
    }

    payment = shown(shop.student.post("/payments/process-payment", wanted), 201)

    path = f"/payments/{payment['id']}"
    assert payment["status"] == "requires_action"
    assert payment["client_secret"]
    assert shown(shop.student.get(path))["client_secret"] == payment["client_secret"]
    assert shown(shop.admin.get(path))["client_secret"] is None
    assert shown(shop.teacher.get(path))["client_secret"] is None
    answer = shop.anybody.post(
        f"/test/payment-intents/{payment['stripe_payment_intent_id']}/authenticate",
        {"outcome": "succeed"},
    )
    assert shown(answer)["status"] == "succeeded"


def test_an_unknown_outcome_is_accepted_and_found_out_later(shop: Shop) -> None:
    booking = shop.booking()["id"]
    shop.student.post("/payment-methods", {"payment_method_id": "pm_card_visa"})
    faults = shop.market.world.controls.faults
    for method in ("create_payment", "find_payment"):
        faults.add_fault(Fault(method=method, kind=FaultKind.LOST_ANSWER))

    payment = shown(shop.student.post("/payments/process-payment", {"booking_id": booking}), 202)

    assert payment["status"] == "processing"
    shop.market.advance(minutes=5)
    assert shown(shop.student.get(f"/payments/{payment['id']}"))["status"] in {
        "processing",
        "succeeded",
    }


def test_a_payment_is_refused_without_a_card(shop: Shop) -> None:
    wanted = {"booking_id": shop.booking()["id"]}

    refused(shop.student.post("/payments/process-payment", wanted), 422, "no_payment_method")


def test_paying_needs_a_booking_or_a_gig(shop: Shop) -> None:
    refused(shop.student.post("/payments/process-payment", {}), 422, "validation_failed")


def test_another_students_payment_is_absent(shop: Shop) -> None:
    payment = shop.payment()
    stranger = shop.caller(shop.market.student("stella"))

    refused(stranger.get(f"/payments/{payment['id']}"), 404, "not_found")
    refused(
        stranger.post("/payments/confirm-payment", {"payment_id": payment["id"]}),
        404,
        "not_found",
    )


def test_payments_are_listed_with_filters_and_addresses(shop: Shop) -> None:
    payment = shop.payment()

    for query in (
        {"status": "succeeded"},
        {"q": payment["id"]},
        {"q": payment["stripe_payment_intent_id"]},
        {"q": "SAM@"},
        {"currency": "usd", "payment_method_type": "card"},
        {"created_from": "2026-01-01T00:00:00Z"},
    ):
        found = shown(shop.admin.get("/payments", **query))["items"]
        assert [each["id"] for each in found] == [payment["id"]], query
    assert shown(shop.admin.get("/payments", q="nobody"))["items"] == []
    assert shown(shop.teacher.get("/payments"))["items"][0]["student_email"] == "sam@school.test"


def test_staff_gives_part_of_a_payment_back(shop: Shop) -> None:
    path = f"/payments/{shop.payment()['id']}"

    done = shown(shop.admin.post(f"{path}/refund", {"amount": "10.00", "reason": "goodwill"}), 201)

    assert done["amount"] == "10.00"
    assert done["payment"]["status"] == "partially_refunded"
    assert done["payment"]["refundable_amount"] == "65.00"
    refund = shown(shop.student.get(f"/refunds/{done['refund_id']}"))
    assert refund["platform_fee_amount"] == "1.50"
    assert refund["teachers"] == [{"teacher_id": shop.teacher.id, "amount": "8.50"}]
    assert [each["id"] for each in shown(shop.student.get("/refunds"))["items"]] == [refund["id"]]


def test_a_refund_without_an_amount_is_of_all_that_is_left(shop: Shop) -> None:
    path = f"/payments/{shop.payment()['id']}/refund"

    assert shown(shop.admin.post(path, {"reason": "x"}), 201)["amount"] == "75.00"


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"amount": "10.00"}])
def test_a_refund_says_why(shop: Shop, body: dict[str, str]) -> None:
    payment = shop.payment()["id"]

    refused(shop.admin.post(f"/payments/{payment}/refund", body), 422, "validation_failed")

    assert shown(shop.admin.get(f"/payments/{payment}"))["refundable_amount"] == "75.00"


def test_more_than_is_left_is_not_refunded(shop: Shop) -> None:
    path = f"/payments/{shop.payment()['id']}/refund"

    refused(
        shop.admin.post(path, {"amount": "75.01", "reason": "x"}),
        422,
        "refund_exceeds_refundable",
    )


def test_a_refund_that_the_bank_returns_is_owed_and_settled(shop: Shop) -> None:
    path = f"/payments/{shop.payment()['id']}/refund"
    refund = shown(shop.admin.post(path, {"reason": "ill"}), 201)["refund_id"]
    shop.market.settle()

    shown(shop.anybody.post(f"/test/refunds/{refund}/fail", {"reason": "declined"}))
    shop.market.settle()

    assert shown(shop.admin.get(f"/refunds/{refund}"))["is_owed"] is True
    again = shown(shop.admin.post(f"/refunds/{refund}/retry"), 201)
    assert again["settles"] == refund
    refused(shop.admin.post(f"/refunds/{refund}/retry"), 409, "refund_not_owed")
    refused(
        shop.admin.post(f"/refunds/{refund}/mark-paid", {"reference": "cash"}),
        409,
        "refund_not_owed",
    )


def test_what_a_bank_returned_can_be_paid_by_hand(shop: Shop) -> None:
    path = f"/payments/{shop.payment()['id']}/refund"
    refund = shown(shop.admin.post(path, {"reason": "ill"}), 201)["refund_id"]
    shop.market.settle()
    shop.anybody.post(f"/test/refunds/{refund}/fail")
    shop.market.settle()

    paid = shown(shop.admin.post(f"/refunds/{refund}/mark-paid", {"reference": "cash"}))

    assert paid["is_owed"] is False


def test_the_page_learns_which_gateway_it_talks_to(shop: Shop) -> None:
    assert shown(shop.anybody.get("/stripe/config")) == {
        "publishable_key": "pk_test_fake",
        "livemode": False,
        "api_version": shop.services.profile.api_version,
        "gateway": "fake",
    }
