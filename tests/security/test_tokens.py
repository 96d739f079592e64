"""Forged tokens at the door of a running application, and what becomes of a stolen session."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.clock import ManualClock
from adapters.ids import SeededRandomness
from adapters.tokens import JwtTokens
from tests.adapters.test_tokens import FORGERIES, GOOD, KEY
from tests.builders import NOW
from tests.http.shop import PASSWORD, Caller, Shop, refused, shown

SENT = {
    name: forgery
    for name, forgery in FORGERIES.items()
    # What a header cannot hold never arrives; space around a token belongs to the header.
    if forgery.isascii() and forgery.isprintable() and forgery.strip() not in {"", GOOD}
}


@pytest.fixture(scope="module")
def door() -> Iterator[Shop]:
    """Open a shop that checks tokens with the key that the forgers would like to have."""
    tokens = JwtTokens(key=KEY, wall=ManualClock(NOW), randomness=SeededRandomness())
    with Shop(services={"tokens": tokens}) as shop:
        yield shop


def _bearer(shop: Shop, token: str, scheme: str = "Bearer") -> Caller:
    return Caller(shop.client, {"Authorization": f"{scheme} {token}"})


def test_at_least_forty_forgeries_are_tried() -> None:
    assert len(set(SENT.values())) >= 40
    assert len(set(FORGERIES.values())) == len(FORGERIES)


def test_the_token_that_they_are_made_from_is_good(door: Shop) -> None:
    """Else they could be refused for any reason: its bearer is let in, and then not found."""
    assert _bearer(door, GOOD).get("/bookings").status_code == 200
    assert _bearer(door, GOOD, "bEaReR").get("/bookings").status_code == 200


@pytest.mark.parametrize("forgery", SENT.values(), ids=SENT.keys())
def test_a_forgery_is_refused_at_the_door(door: Shop, forgery: str) -> None:
    refused(_bearer(door, forgery).get("/bookings"), 401, "not_authenticated")


@pytest.mark.parametrize("forgery", ["no algorithm", "another audience", "claims altered"])
def test_a_forgery_is_refused_even_where_nobody_must_be_known(door: Shop, forgery: str) -> None:
    refused(_bearer(door, FORGERIES[forgery]).get("/gigs"), 401, "not_authenticated")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", f"Basic {GOOD}", f"Token {GOOD}", GOOD, f"Bearer,{GOOD}"]
)
def test_a_token_in_another_dress_is_none(door: Shop, header: str) -> None:
    caller = Caller(door.client, {"Authorization": header})

    refused(caller.get("/bookings"), 401, "not_authenticated")


@pytest.mark.parametrize("place", ["access_token", "token", "authorization"])
def test_a_token_counts_in_its_header_only(door: Shop, place: str) -> None:
    """Addresses end up in logs and histories, cookies are sent by pages of others."""
    anybody = door.anybody

    assert anybody.request("GET", f"/users/me?{place}={GOOD}").status_code == 401
    cookie = {"Cookie": f"{place}={GOOD}"}
    assert anybody.request("GET", "/users/me", headers=cookie).status_code == 401


# --- Sessions ------------------------------------------------------------------------------------


def _logged_in(shop: Shop) -> str:
    login = {"email": "sam@school.test", "password": PASSWORD}
    return str(shown(shop.anybody.post("/auth/login", login))["refresh_token"])


def _refreshed(shop: Shop, token: str) -> str | None:
    response = shop.anybody.post("/auth/refresh", {"refresh_token": token})
    return response.json().get("refresh_token") if response.status_code == 200 else None


def test_reusing_any_token_of_a_chain_revokes_all_of_it(shop: Shop) -> None:
    chain = [_logged_in(shop)]
    for _ in range(3):
        following = _refreshed(shop, chain[-1])
        assert following is not None
        chain.append(following)

    assert _refreshed(shop, chain[1]) is None

    assert [_refreshed(shop, token) for token in chain] == [None] * 4


def test_of_many_who_use_one_token_at_once_one_goes_on_at_most(shop: Shop) -> None:
    token = _logged_in(shop)
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda _: _refreshed(shop, token), range(6)))

    following = [each for each in found if each is not None]
    assert len(following) <= 1
    # Whoever was second has ended the session for the first one too.
    assert [_refreshed(shop, each) for each in following] == [None] * len(following)


def test_neither_token_stands_in_for_the_other(shop: Shop) -> None:
    login = {"email": "sam@school.test", "password": PASSWORD}
    pair = shown(shop.anybody.post("/auth/login", login))

    refused(_bearer(shop, pair["refresh_token"]).get("/users/me"), 401, "not_authenticated")
    assert _refreshed(shop, pair["access_token"]) is None


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as shop:
        yield shop
