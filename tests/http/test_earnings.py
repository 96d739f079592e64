"""What teachers earn, and how it reaches them."""

import csv
import io
from datetime import UTC, datetime

from domain.earnings import EarningKind, EarningState
from entrypoints.http.presenters.earnings import csv_of
from entrypoints.http.schemas.earnings import EarningsLine
from tests.http.shop import Caller, Shop, refused, shown


def _earned(shop: Shop) -> None:
    """Teach a paid lesson, and wait until its money is the teacher's."""
    booking = shop.booking()["id"]
    shop.payment(booking)
    shop.market.advance(days=2, hours=2)
    shown(shop.teacher.post(f"/bookings/{booking}/complete"))


def _account(shop: Shop) -> str:
    shown(shop.teacher.post("/teacher-account/onboarding-link"))
    account: str = shown(shop.teacher.get("/teacher-account"))["stripe_account_id"]
    return account


def test_money_moves_from_pending_to_available(shop: Shop) -> None:
    _earned(shop)

    (before,) = shown(shop.teacher.get("/earnings"))["items"]
    shop.market.advance(days=3)
    (after,) = shown(shop.teacher.get("/earnings"))["items"]

    assert (before["pending"], before["available"]) == ("63.75", "0.00")
    assert (after["pending"], after["available"]) == ("0.00", "63.75")


def test_a_statement_explains_each_line(shop: Shop) -> None:
    _earned(shop)

    (line,) = shown(shop.teacher.get("/earnings/lines"))["items"]

    assert line["kind"] == "lesson"
    assert line["amount"] == "63.75"
    assert line["state"] == "pending"
    assert line["teacher_id"] == shop.teacher.id


def test_a_statement_is_exported_as_csv(shop: Shop) -> None:
    _earned(shop)

    response = shop.teacher.get("/earnings/lines.csv", currency="usd")

    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in response.headers["content-disposition"]
    assert [row["amount"] for row in rows] == ["63.75"]


def test_no_cell_of_an_export_is_a_formula() -> None:
    line = EarningsLine(
        id="ern_1",
        at=datetime(2026, 3, 2, tzinfo=UTC),
        kind=EarningKind.REFUND,
        teacher_id="usr_1",
        booking_id=None,
        payment_id=None,
        payout_id=None,
        amount="-63.75",
        currency="usd",
        state=EarningState.DEBT,
        available_at=None,
        reason='=HYPERLINK("https://evil.example")',
    )
    rows = list(csv.DictReader(io.StringIO(csv_of([line]).decode())))

    assert rows[0]["reason"].startswith("'=")
    assert rows[0]["amount"] == "-63.75"
    assert rows[0]["at"] == "2026-03-02T00:00:00Z"


def test_staff_names_the_teacher_whose_earnings_it_reads(shop: Shop) -> None:
    _earned(shop)
    path = f"/earnings?teacher_id={shop.teacher.id}"

    assert shown(shop.admin.request("GET", path))["items"] != []
    assert shop.admin.get("/earnings").status_code == 422
    other = shop.caller(shop.market.teacher("theo"))
    refused(other.request("GET", path), 404, "not_found")


def test_a_teacher_gets_an_account_and_a_link(shop: Shop) -> None:
    none = shown(shop.teacher.get("/teacher-account"))
    link = shown(shop.teacher.post("/teacher-account/onboarding-link"))
    some = shown(shop.teacher.get("/teacher-account"))

    assert (none["status"], none["stripe_account_id"]) == ("none", None)
    assert link["url"].startswith("https://")
    assert some["status"] == "onboarding"
    assert some["stripe_account_id"].startswith("acct_")


def test_a_link_back_must_be_allowed(shop: Shop) -> None:
    response = shop.teacher.post(
        "/teacher-account/onboarding-link", {"return_url": "https://evil.example"}
    )

    refused(response, 422, "validation_failed")


def test_what_is_available_is_paid_out_with_its_lines(shop: Shop) -> None:
    account = _account(shop)
    shown(shop.anybody.post(f"/test/accounts/{account}/enable"))
    shop.market.settle()
    _earned(shop)
    shop.market.advance(days=2)

    # Payouts go out by themselves once a day; ask before that happens, or find it done.
    payouts = shown(shop.teacher.get("/payouts"))["items"]
    if not payouts:
        payouts = [shown(shop.teacher.post("/payouts", {"currency": "usd"}), 201)]

    (payout,) = payouts
    assert payout["amount"] == "63.75"
    assert payout["method"] == "stripe"
    assert [line["amount"] for line in payout["lines"]] == ["63.75"]
    assert shown(shop.teacher.get(f"/payouts/{payout['id']}"))["id"] == payout["id"]


def test_staff_pays_by_hand_and_marks_it_paid(shop: Shop) -> None:
    _earned(shop)
    shop.market.advance(days=3)
    wanted = {"teacher_id": shop.teacher.id, "currency": "usd", "method": "manual"}

    payout = shown(shop.admin.post("/payouts", wanted), 201)
    path = f"/payouts/{payout['id']}/mark-paid"
    paid = shown(shop.admin.post(path, {"reference": "wire 7"}))

    assert (payout["status"], payout["method"]) == ("pending", "manual")
    assert (paid["status"], paid["reference"]) == ("paid", "wire 7")
    refused(shop.admin.post(path, {"reference": "wire 7"}), 409, "payout_state_conflict")
    refused(shop.teacher.post(path, {"reference": "wire 7"}), 403, "forbidden")


def test_there_is_nothing_to_pay_out_at_first(shop: Shop) -> None:
    account = _account(shop)
    shown(shop.anybody.post(f"/test/accounts/{account}/enable"))
    shop.market.settle()

    refused(shop.teacher.post("/payouts", {"currency": "usd"}), 422, "nothing_to_pay_out")


def test_another_teachers_payout_is_absent(shop: Shop) -> None:
    _earned(shop)
    shop.market.advance(days=3)
    wanted = {"teacher_id": shop.teacher.id, "currency": "usd", "method": "manual"}
    payout = shown(shop.admin.post("/payouts", wanted), 201)["id"]
    other: Caller = shop.caller(shop.market.teacher("theo"))

    refused(other.get(f"/payouts/{payout}"), 404, "not_found")
    assert shown(other.get("/payouts"))["items"] == []


def test_an_account_is_enabled_by_our_id_too(shop: Shop) -> None:
    _account(shop)
    ours = shown(shop.teacher.get("/teacher-account"))["id"]

    shown(shop.anybody.post(f"/test/accounts/{ours}/enable"))
    shop.market.settle()

    assert shown(shop.teacher.get("/teacher-account"))["payouts_enabled"] is True
