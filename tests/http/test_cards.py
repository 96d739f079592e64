"""Cards on file."""

from typing import Any

import pytest

from tests.http.shop import Shop, refused, shown

GOOD = {
    "card_number": "4242 4242 4242 4242",
    "exp_month": 12,
    "exp_year": 2030,
    "cvc": "123",
    "cardholder_name": "Sam",
}


def _added(shop: Shop, token: str = "pm_card_visa", **more: Any) -> dict[str, Any]:
    return shown(shop.student.post("/payment-methods", {"payment_method_id": token, **more}), 201)


def test_the_first_card_is_the_default_and_shows_four_digits(shop: Shop) -> None:
    card = _added(shop)

    assert card["is_default"] is True
    assert card["display_name"] == "Visa •••• 4242"
    assert card["card_last_four"] == "4242"
    assert card["is_expired"] is False
    assert shown(shop.student.get("/payment-methods"))["items"] == [card]
    assert shown(shop.student.get(f"/payment-methods/{card['id']}")) == card


def test_the_same_card_again_is_answered_as_it_is(shop: Shop) -> None:
    card = _added(shop)

    again = shop.student.post(
        "/payment-methods", {"payment_method_id": card["stripe_payment_method_id"]}
    )

    assert shown(again, 200) == card


def test_a_default_is_chosen_and_the_next_takes_its_place(shop: Shop) -> None:
    first, second = _added(shop), _added(shop, "pm_card_mastercard")

    chosen = shown(shop.student.put(f"/payment-methods/{second['id']}", {"set_as_default": True}))
    removed = shop.student.delete(f"/payment-methods/{second['id']}")

    assert chosen["is_default"] is True
    assert removed.status_code == 204
    assert removed.content == b""
    left = shown(shop.student.get("/payment-methods"))["items"]
    assert [(each["id"], each["is_default"]) for each in left] == [(first["id"], True)]
    refused(shop.student.get(f"/payment-methods/{second['id']}"), 404, "not_found")


def test_a_default_is_not_unchosen(shop: Shop) -> None:
    path = f"/payment-methods/{_added(shop)['id']}"

    refused(shop.student.put(path, {"set_as_default": False}), 422, "validation_failed")


def test_a_card_that_the_bank_refuses_is_declined(shop: Shop) -> None:
    response = shop.student.post(
        "/payment-methods", {"payment_method_id": "pm_card_chargeDeclinedLostCard"}
    )

    problem = refused(response, 402, "card_declined")
    assert problem["decline_code"] == "lost_card"
    assert "lost" not in problem["detail"]


def test_an_unknown_method_is_refused(shop: Shop) -> None:
    response = shop.student.post("/payment-methods", {"payment_method_id": "pm_nothing"})

    refused(response, 422, "payment_method_invalid")


def test_another_students_card_is_absent(shop: Shop) -> None:
    path = f"/payment-methods/{_added(shop)['id']}"
    stranger = shop.caller(shop.market.student("stella"))

    refused(stranger.get(path), 404, "not_found")
    refused(stranger.put(path, {"set_as_default": True}), 404, "not_found")
    refused(stranger.delete(path), 404, "not_found")


def test_staff_reads_a_students_cards(shop: Shop) -> None:
    card = _added(shop)

    found = shown(shop.admin.get("/payment-methods", student_id=shop.student.id))["items"]

    assert [each["id"] for each in found] == [card["id"]]


def test_a_card_is_set_up_in_the_browser(shop: Shop) -> None:
    setup = shown(shop.student.post("/payment-methods/setup-intent"), 201)

    answer = shown(
        shop.anybody.post(
            f"/test/setup-intents/{setup['setup_intent_id']}/complete",
            {"payment_method": "pm_card_visa"},
        )
    )

    assert setup["client_secret"]
    assert answer["status"] == "succeeded"


def test_a_published_test_card_is_added_and_its_number_is_kept_nowhere(shop: Shop) -> None:
    response = shop.student.post("/payment-methods/test-card", GOOD)

    added = shown(response, 201)
    assert added["success"] is True
    assert added["saved"] is True
    assert (added["card_brand"], added["card_last4"]) == ("visa", "4242")
    assert "4242424242424242" not in response.text.replace(" ", "")
    assert len(shown(shop.student.get("/payment-methods"))["items"]) == 1


def test_a_test_card_for_one_payment_is_not_listed_but_pays(shop: Shop) -> None:
    added = shown(
        shop.student.post("/payment-methods/test-card", {**GOOD, "save_for_future": False}), 201
    )

    assert added["saved"] is False
    assert shown(shop.student.get("/payment-methods"))["items"] == []
    wanted = {
        "booking_id": shop.booking()["id"],
        "payment_method_id": added["payment_method_id"],
    }
    paid = shown(shop.student.post("/payments/process-payment", wanted), 201)
    assert paid["status"] == "succeeded"


@pytest.mark.parametrize(
    "number", ["4111111111111111", "1234", "", "4242424242424241", "not a number"]
)
def test_any_other_number_is_refused_and_not_echoed(window: Shop, number: str) -> None:
    response = window.student.post("/payment-methods/test-card", {**GOOD, "card_number": number})

    refused(response, 422, "test_card_unknown")
    assert not number or number not in response.text


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"exp_year": 2020}, ["exp_year"]),
        ({"exp_year": 2026, "exp_month": 2}, ["exp_year"]),
        ({"exp_month": 13}, ["exp_month"]),
        ({"cvc": "12"}, ["cvc"]),
        ({"cvc": "12a"}, ["cvc"]),
        ({"cvc": "1234"}, ["cvc"]),
        ({"cardholder_name": "  "}, ["cardholder_name"]),
        ({"cvc": "1", "cardholder_name": ""}, ["cvc", "cardholder_name"]),
    ],
)
def test_a_test_card_is_checked_by_field(
    window: Shop, change: dict[str, Any], fields: list[str]
) -> None:
    problem = refused(
        window.student.post("/payment-methods/test-card", {**GOOD, **change}),
        422,
        "validation_failed",
    )

    assert [each["field"] for each in problem["errors"]] == fields


def test_an_amex_has_four_digits_on_the_front(shop: Shop) -> None:
    amex = {**GOOD, "card_number": "378282246310005", "cvc": "1234"}

    assert shown(shop.student.post("/payment-methods/test-card", amex), 201)["card_brand"] == "amex"


def test_a_number_in_another_field_of_a_test_card_is_refused(window: Shop) -> None:
    card = {**GOOD, "cardholder_name": GOOD["card_number"]}

    refused(window.student.post("/payment-methods/test-card", card), 422, "card_number_not_allowed")


def test_there_are_no_test_cards_where_money_is_real() -> None:
    with Shop() as shop:
        profile = shop.services.profile
    live = {
        "profile": type(profile)(
            name="stripe",
            livemode=True,
            test_cards_allowed=False,
            publishable_key="pk_live_x",
            api_version="x",
        ),
        "test_mode": None,
    }
    with Shop(services=live) as shop:
        response = shop.student.post("/payment-methods/test-card", GOOD)

        assert response.status_code in {404, 405}
        assert "4242" not in response.text
        refused(shop.anybody.get("/test/clock"), 404, "not_found")
        refused(shop.anybody.post("/test/clock", {"advance_seconds": 1}), 404, "not_found")
        schema = shop.anybody.get("//schema/openapi.json").json()
        assert not any("test" in path for path in schema["paths"])


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://school.example.evil.example/",
        "https://school.example@evil.example/",
        "//evil.example",
        "javascript:alert(1)",
        "https://school.example/app/../../x",
        "https://school.example/application",
        "http://school.example/app",
        "https://school.example:444/app",
        "https://school.example/app\\@evil.example",
        "https://[bad/",
        "not a url",
    ],
)
def test_the_portal_sends_nobody_where_the_operator_does_not_want_them(url: str) -> None:
    with Shop(http={"return_urls": ("https://school.example/app",)}) as shop:
        refused(shop.student.post("/billing-portal", {"return_url": url}), 422, "validation_failed")


@pytest.mark.parametrize(
    "url", ["https://school.example/app", "https://school.example/app/cards?x=1", None]
)
def test_the_portal_opens_with_an_allowed_way_back(url: str | None) -> None:
    with Shop(http={"return_urls": ("https://school.example/app",)}) as shop:
        body = {} if url is None else {"return_url": url}

        assert shown(shop.student.post("/billing-portal", body))["portal_url"].startswith("https:")
