"""Secrets: refused at start when weak, and afterwards in no log, no error, no figure and no repr.

What counts as a secret is found by name in the program itself, so that a new one is watched from
its first day.
"""

import importlib
import io
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import msgspec
import pytest
from attrs import evolve
from litestar.testing import TestClient

import adapters
import application
import domain
import entrypoints
from application.bus import bus_of
from application.people import GetMe, LogIn
from entrypoints.cli import MISUSE, main
from entrypoints.composition import compose
from entrypoints.http.app import create_app
from entrypoints.http.controllers import MODULES
from entrypoints.http.endpoints import every
from entrypoints.logs import STRUCK, configure_logging
from entrypoints.settings import load_settings
from tests.entrypoints.conftest import logging_as_it_was
from tests.entrypoints.test_settings import PRODUCTION
from tests.http.shop import PASSWORD, Caller, Shop, shown
from tests.security.published import operations_of
from tests.security.world import ABSENT

__all__ = ["logging_as_it_was"]

_SECRETIVE = re.compile(
    r"passw|secret|token|api_?key|signature|cvc|card_number|(^|_)(key|dsn|smtp_url|database_url)$"
)
_HARMLESS = frozenset(
    {
        ("Entry", "key"),  # The business fact that it books.
        ("IdempotencyRecord", "key"),  # A hash.
        ("RequestKey", "key"),  # A hash.
        ("_Chain", "last_key"),  # The same as an entry's.
        ("SealedEntry", "key"),  # The same.
        ("Verification", "holds_card_number"),  # A function.
        ("Call", "key"),  # Made up by ourselves for each effect.
        ("_Request", "key"),
        ("Claims", "token_id"),  # An id that signs nothing.
        ("Method", "token"),  # One of the test cards that Stripe publishes.
        ("PublishedCard", "token"),
        ("GatewayProfile", "publishable_key"),  # Published by its nature.
        ("StripeSettings", "publishable_key"),
        ("Settings", "stripe_publishable_key"),
    }
)


def _modules() -> Iterator[ModuleType]:
    for package in (domain, application, adapters, entrypoints):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in found.name and "__main__" not in found.name:
                yield importlib.import_module(found.name)


def _classes() -> Iterator[type]:
    for module in _modules():
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__:
                yield value


# --- In no repr ----------------------------------------------------------------------------------


def test_no_value_with_a_secret_name_shows_in_a_repr() -> None:
    shown_ones = {
        (kind.__name__, field.name)
        for kind in _classes()
        if attrs.has(kind)
        for field in attrs.fields(kind)
        if field.repr and _SECRETIVE.search(field.name) and _is_text(field.type)
    }

    assert shown_ones == _HARMLESS


def _is_text(kind: object) -> bool:
    return any(word in str(kind) for word in ("str", "bytes")) and "frozenset" not in str(kind)


def test_no_struct_that_comes_in_or_goes_out_shows_its_values() -> None:
    structs = [
        kind
        for kind in _classes()
        if issubclass(kind, msgspec.Struct)
        and kind.__module__.startswith("entrypoints.http.schemas")
    ]
    telling = {
        kind.__name__
        for kind in structs
        if kind.__repr__ is msgspec.Struct.__repr__ and kind.__struct_fields__
    }

    assert len(structs) > 50
    assert telling == {"Page"}  # Whose items are structs that do not tell.
    body = next(each.body for each in every(MODULES) if each.name == "log_in")
    assert body is not None
    assert PASSWORD not in repr(msgspec.convert({"email": "a@b.co", "password": PASSWORD}, body))


ENVIRONMENT = {
    **PRODUCTION,
    "TUITION_ADMIN_EMAIL": "ann@school.org",
    "TUITION_ADMIN_PASSWORD": "Zx81-Spectrum-of-old",
    "TUITION_SMTP_URL": "smtp://me:Amiga500-Kickstart@mail.school.org",
}
SECRETS = (
    *(ENVIRONMENT[name] for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET")),
    *(ENVIRONMENT[name] for name in ("TUITION_JWT_SECRET", "TUITION_ADMIN_PASSWORD")),
    *("Amiga500-Kickstart", ":pw@"),
)


def test_nothing_that_is_composed_shows_a_secret_of_the_environment(tmp_path: Path) -> None:
    environment = {**ENVIRONMENT, "TUITION_DATABASE_URL": f"sqlite:///{tmp_path / 'tuition.db'}"}
    with compose(load_settings(environment, dotenv=None)) as installation:
        pieces = installation.pieces
        parts = (installation, installation.services(), pieces, pieces.gateway, pieces.settings)
        texts = [repr(part) for part in (*parts, *(_parts_of(pieces)))]

    assert len(texts) > 10
    for secret in SECRETS:
        assert not [text for text in texts if secret in text]


def _parts_of(value: Any) -> Iterator[object]:
    for field in attrs.fields(type(value)):
        part = getattr(value, field.name)
        yield part
        if attrs.has(type(part)):
            yield from (
                getattr(part, inner.name) for inner in attrs.fields(type(part)) if inner.repr
            )


# --- At start ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("logging_as_it_was")
@pytest.mark.parametrize(
    ("name", "weak"),
    [
        ("TUITION_JWT_SECRET", "hunter2"),
        ("TUITION_JWT_SECRET", "correct-horse-battery-stapl"),
        ("TUITION_JWT_SECRET", "z" * 64),
        ("TUITION_JWT_SECRET", "Gx7" * 20),
        ("TUITION_JWT_SECRET", "0123456789abcdef0123456789abcdef"),
        ("TUITION_JWT_SECRET", "PleaseChangeMe-7c1f2b38a4c59d6e07f18aa"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_test"),
        ("STRIPE_WEBHOOK_SECRET", "9f2c71d08b4e6a35c0d7"),
        ("STRIPE_SECRET_KEY", "sk_test_51HxyzAbCdEfGh"),
        ("TUITION_ADMIN_PASSWORD", "tuition-2026"),
        ("TUITION_ADMIN_PASSWORD", "aaaaaaaaaaaaaaa"),
    ],
)
def test_a_weak_secret_keeps_production_from_starting_and_is_not_repeated(
    name: str,
    weak: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable, value in {**ENVIRONMENT, name: weak}.items():
        monkeypatch.setenv(variable, value)

    assert main(["serve", "--port", "0"]) == MISUSE

    captured = capsys.readouterr()
    assert name in captured.err
    assert weak not in captured.err + captured.out
    assert not list(tmp_path.iterdir())


# --- While it runs -------------------------------------------------------------------------------


@pytest.mark.usefixtures("logging_as_it_was")
def test_what_is_secret_is_in_no_log_no_error_and_no_figure() -> None:
    stream = io.StringIO()
    with Shop(settings={"TUITION_JWT_SECRET": ENVIRONMENT["TUITION_JWT_SECRET"]}) as shop:
        configure_logging("debug", "json", stream=stream)
        login = {"email": "sam@school.test", "password": PASSWORD}
        pair = shown(shop.anybody.post("/auth/login", login))
        wrong = shop.anybody.post("/auth/login", {**login, "password": "not my passphrase"})
        bearer = Caller(shop.client, {"Authorization": f"Bearer {pair['access_token']}"})
        intent = shown(
            bearer.post("/payments/create-payment-intent", {"booking_id": shop.booking()["id"]}),
            201,
        )
        operations = operations_of(shown(shop.anybody.get("//schema/openapi.json")))
        errors = [
            each.send(caller, dict.fromkeys(each.path_parameters, ABSENT), facts={}).text
            for each in operations
            for caller in (bearer, shop.anybody)
        ]
        figures = shop.admin.get("//metrics").text
        hashed = shop.market.storage.read(lambda views: views.users.find(shop.student.id))

    assert hashed is not None
    kept_to_themselves = (
        *(ENVIRONMENT["TUITION_JWT_SECRET"], PASSWORD, "not my passphrase"),
        *(pair["access_token"], pair["refresh_token"], hashed.password_hash),
    )
    told = "".join([stream.getvalue(), wrong.text, figures, *errors])
    assert '"event": "request"' in told
    for secret in kept_to_themselves:
        assert secret not in told
    assert intent["client_secret"] not in stream.getvalue() + figures


@pytest.mark.usefixtures("logging_as_it_was")
def test_a_bug_that_quotes_secrets_tells_the_client_nothing_and_the_log_less() -> None:
    stream = io.StringIO()
    quoted = (
        *(ENVIRONMENT["STRIPE_SECRET_KEY"], ENVIRONMENT["STRIPE_WEBHOOK_SECRET"]),
        *("pi_3Abc_secret_XyZ98", "4242 4242 4242 4242", "eyJhbGciOi.eyJzdWIi.c2lnbmF0"),
    )

    def broken(*_: object) -> None:
        raise RuntimeError(f"cannot reach postgresql://me:Kickstart@db/x with {', '.join(quoted)}")

    with Shop() as shop:
        services = evolve(shop.services, bus=bus_of({GetMe: broken, LogIn: broken}))
        configure_logging("debug", "json", stream=stream)
        with TestClient(create_app(services), raise_server_exceptions=False) as client:
            answers = [
                Caller(client, shop.student.headers).get("/users/me"),
                Caller(client).post("/auth/login", {"email": "a@b.co", "password": PASSWORD}),
            ]

    logged = stream.getvalue()
    for response in answers:
        assert response.status_code == 500
        assert set(response.json()) == {"type", "title", "status", "detail", "code", "instance"}
        assert "RuntimeError" not in response.text
        assert "Kickstart" not in response.text
    bugs = [line for line in map(json.loads, logged.splitlines()) if line["event"] == "bug"]
    assert len(bugs) == 2
    assert all(STRUCK in bug["exception"] and "RuntimeError" in bug["exception"] for bug in bugs)
    for secret in (*quoted, "Kickstart", PASSWORD):
        assert secret not in logged
