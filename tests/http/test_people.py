"""Registering, logging in and out, and people as staff sees them."""

from tests.http.shop import PASSWORD, Caller, Shop, refused, shown

ADA = {"email": "ada@school.test", "password": PASSWORD, "name": "Ada", "role": "student"}


def _bearer(shop: Shop, token: str) -> Caller:
    return Caller(shop.client, {"Authorization": f"Bearer {token}"})


def test_somebody_registers_logs_in_and_is_known(shop: Shop) -> None:
    user = shown(shop.anybody.post("/auth/register", ADA), 201)
    pair = shown(
        shop.anybody.post("/auth/login", {"email": "ADA@school.test", "password": PASSWORD})
    )

    assert set(user) == {"id", "email", "name", "role", "created_at"}
    assert pair["token_type"] == "Bearer"
    assert pair["user"] == user
    assert pair["expires_in"] > 0
    assert shown(_bearer(shop, pair["access_token"]).get("/users/me")) == user


def test_an_address_registers_once(shop: Shop) -> None:
    shown(shop.anybody.post("/auth/register", ADA), 201)

    refused(
        shop.anybody.post("/auth/register", {**ADA, "email": "Ada@School.test"}),
        409,
        "email_taken",
    )


def test_nobody_registers_as_staff(window: Shop) -> None:
    refused(
        window.anybody.post("/auth/register", {**ADA, "role": "admin"}), 422, "validation_failed"
    )


def test_an_address_that_is_none_is_refused(window: Shop) -> None:
    refused(
        window.anybody.post("/auth/register", {**ADA, "email": "ada"}), 422, "validation_failed"
    )


def test_a_wrong_password_and_an_unknown_address_look_the_same(window: Shop) -> None:
    known = {"email": "sam@school.test", "password": "not this one"}
    unknown = {"email": "nobody@school.test", "password": "not this one"}

    first = refused(window.anybody.post("/auth/login", known), 401, "not_authenticated")
    second = refused(window.anybody.post("/auth/login", unknown), 401, "not_authenticated")

    assert first["detail"] == second["detail"]


def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_session(shop: Shop) -> None:
    login = {"email": "sam@school.test", "password": PASSWORD}
    first = shown(shop.anybody.post("/auth/login", login))["refresh_token"]

    second = shown(shop.anybody.post("/auth/refresh", {"refresh_token": first}))["refresh_token"]
    reused = shop.anybody.post("/auth/refresh", {"refresh_token": first})
    after = shop.anybody.post("/auth/refresh", {"refresh_token": second})

    assert reused.status_code == after.status_code == 401


def test_logging_out_ends_the_session_and_an_unknown_token_is_no_error(shop: Shop) -> None:
    login = {"email": "sam@school.test", "password": PASSWORD}
    token = shown(shop.anybody.post("/auth/login", login))["refresh_token"]

    assert shop.anybody.post("/auth/logout", {"refresh_token": token}).status_code == 204
    assert shop.anybody.post("/auth/logout", {"refresh_token": "x"}).status_code == 204
    assert shop.anybody.post("/auth/refresh", {"refresh_token": token}).status_code == 401


def test_an_expired_token_is_told_apart_from_a_bad_one(window: Shop) -> None:
    expired = window.expired_token(window.student.actor)

    refused(_bearer(window, expired).get("/users/me"), 401, "token_expired")
    refused(_bearer(window, "nonsense").get("/users/me"), 401, "not_authenticated")
    basic = Caller(window.client, {"Authorization": "Basic c2FtOng="})
    response = basic.get("/users/me")
    refused(response, 401, "not_authenticated")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_people_change_their_own_name_only(shop: Shop) -> None:
    assert shown(shop.student.patch("/users/me", {"name": " Sam S. "}))["name"] == "Sam S."
    refused(shop.student.patch("/users/me", {"role": "admin"}), 422, "validation_failed")


def test_staff_finds_people_and_what_they_paid(shop: Shop) -> None:
    shop.payment()

    found = shown(shop.admin.get("/users", q="SAM", role="student"))["items"]
    details = shown(shop.admin.get(f"/users/{found[0]['id']}"))

    assert [each["email"] for each in found] == ["sam@school.test"]
    assert details["stripe_customer_id"].startswith("cus_")
    assert details["payment_totals"] == [
        {"currency": "usd", "count": 1, "paid": "75.00", "refunded": "0.00"}
    ]


def test_staff_sets_a_teachers_fee_and_takes_it_back(shop: Shop) -> None:
    path = f"/users/{shop.teacher.id}"

    assert shown(shop.admin.patch(path, {"fee_basis_points": 500}))["fee_basis_points"] == 500
    assert shop.payment()["platform_fee_amount"] == "3.75"
    assert shown(shop.admin.patch(path, {"fee_basis_points": None}))["fee_basis_points"] is None
    refused(shop.admin.patch(path, {"fee_basis_points": 10_001}), 422, "validation_failed")
    refused(shop.admin.patch(path, {}), 422, "validation_failed")


def test_log_ins_are_limited_by_address_and_account() -> None:
    with Shop(settings={"TUITION_RATE_LIMITS": "on"}) as shop:
        login = {"email": "sam@school.test", "password": "not this one"}
        statuses = [shop.anybody.post("/auth/login", login).status_code for _ in range(11)]
        response = shop.anybody.post("/auth/login", {**login, "email": " SAM@school.test "})

        assert statuses == [401] * 10 + [429]
        refused(response, 429, "rate_limited")
        assert int(response.headers["Retry-After"]) > 0
        shown(shop.anybody.post("/auth/login", {"email": "tina@school.test", "password": PASSWORD}))
