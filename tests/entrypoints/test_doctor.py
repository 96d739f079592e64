import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve, frozen

from adapters.clock import ManualClock, SystemClock
from adapters.stripe.client import API_VERSION, StripeSettings
from adapters.stripe.doctor import AccountState, stripe_doctor
from entrypoints.cli import DONE, WRONG, main
from entrypoints.doctor import WEBHOOK_PATH, Check, Doctor, Examination, Verdict
from entrypoints.settings import load_settings
from tests.builders import NOW
from tests.doubles import stripe_routes_setup
from tests.doubles.stripe_wire import RESTRICTED_KEY, SECRET_KEY, InProcess, StripeWire

URL = "https://pay.school.org"
ENVIRONMENT = {
    "TUITION_DATABASE_URL": "memory://",
    "TUITION_PUBLIC_URL": URL,
    "STRIPE_SECRET_KEY": "sk_test_51Hxyz",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_51Hxyz",
    "STRIPE_WEBHOOK_SECRET": "whsec_one",
}


def a_doctor(wire: StripeWire, key: str = SECRET_KEY) -> Doctor:
    return stripe_doctor(
        StripeSettings(
            secret_key=key,
            publishable_key="pk_test_wire",
            webhook_secrets=(),
            return_url=URL,
            http_client=InProcess(wire),
        )
    )


def examined(
    doctor: Doctor | None, environment: Mapping[str, str] = ENVIRONMENT, *, fixes: bool = False
) -> dict[str, Check]:
    examination = Examination(
        settings=load_settings(environment, None), doctor=doctor, wall=SystemClock(), fixes=fixes
    )
    return {check.name: check for check in examination.run()}


def wrong(checks: Mapping[str, Check]) -> set[str]:
    return {check.name for check in checks.values() if check.verdict is Verdict.WRONG}


def test_an_account_without_webhooks_is_told_so() -> None:
    checks = examined(a_doctor(StripeWire()))
    assert wrong(checks) == {"webhooks", "connect webhooks"}
    assert stripe_routes_setup.OWN_ACCOUNT in checks["stripe key"].detail


def test_what_is_missing_is_registered_once() -> None:
    wire = StripeWire()
    fixed = examined(a_doctor(wire), fixes=True)
    assert wrong(fixed) == set()
    assert "whsec_wire" in fixed["webhooks"].detail
    assert wrong(examined(a_doctor(wire))) == set()
    examined(a_doctor(wire), fixes=True)
    made = [thing for thing in wire.store.things.values() if thing["object"] == "webhook_endpoint"]
    assert {thing["url"] for thing in made} == {URL + WEBHOOK_PATH}
    assert {thing["api_version"] for thing in made} == {API_VERSION}
    assert len(made) == 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"status": "disabled"}, "is disabled"),
        ({"api_version": "2020-08-27"}, "speaks 2020-08-27"),
        ({"api_version": None}, "speaks the account's version"),
        ({"enabled_events": ["refund.created"]}, "does not deliver charge.dispute.closed"),
    ],
)
def test_an_endpoint_that_is_not_as_it_should_be_is_told(
    change: dict[str, object], told: str
) -> None:
    wire = StripeWire()
    examined(a_doctor(wire), fixes=True)
    for thing in wire.store.things.values():
        if thing["metadata"] == {"tuition_endpoint": "account"}:
            thing.update(change)
    check = examined(a_doctor(wire))["webhooks"]
    assert check.verdict is Verdict.WRONG
    assert told in check.detail


def test_an_endpoint_for_all_events_will_do() -> None:
    wire = StripeWire()
    examined(a_doctor(wire), fixes=True)
    for thing in wire.store.things.values():
        if thing["object"] == "webhook_endpoint":
            thing["enabled_events"] = ["*"]
    assert wrong(examined(a_doctor(wire))) == set()


@pytest.mark.parametrize("key", [RESTRICTED_KEY, "sk_test_revoked"])
def test_a_key_that_may_not_or_is_not_known_is_wrong(key: str) -> None:
    checks = examined(a_doctor(StripeWire(), key))
    assert wrong(checks) == {"stripe"}
    assert key not in checks["stripe"].detail


def test_an_account_that_may_not_do_something_is_told() -> None:
    wire = StripeWire()
    examined(a_doctor(wire), fixes=True)
    account = wire.store.things[stripe_routes_setup.OWN_ACCOUNT]
    account["capabilities"]["transfers"] = "inactive"
    account["payouts_enabled"] = False
    assert wrong(examined(a_doctor(wire))) == {"transfers", "payouts"}


@frozen
class DoctorAt:
    """An account whose clock says something else."""

    inner: Doctor
    at: datetime

    def account(self) -> AccountState:
        return evolve(self.inner.account(), answered_at=self.at)

    endpoints = property(lambda self: self.inner.endpoints)
    register = property(lambda self: self.inner.register)


@pytest.mark.parametrize(
    ("off", "verdict"),
    [(timedelta(seconds=3), Verdict.GOOD), (timedelta(minutes=-4), Verdict.WRONG)],
)
def test_a_clock_that_is_off_is_told(off: timedelta, verdict: Verdict) -> None:
    examination = Examination(
        settings=load_settings(ENVIRONMENT, None),
        doctor=DoctorAt(a_doctor(StripeWire()), NOW + off),
        wall=ManualClock(NOW),
    )
    (clock,) = (check for check in examination.run() if check.name == "clock")
    assert clock.verdict is verdict


def test_what_the_settings_leave_out_is_told() -> None:
    environment = {
        name: value
        for name, value in ENVIRONMENT.items()
        if name not in {"STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET", "TUITION_PUBLIC_URL"}
    }
    checks = examined(a_doctor(StripeWire()), environment)
    assert {"publishable key", "webhook secret"} <= wrong(checks)
    assert checks["public url"].verdict is Verdict.NOTE
    assert "stripe listen" in checks["public url"].detail


@pytest.mark.parametrize("fixes", [False, True])
def test_in_development_no_endpoint_is_missed_at_a_local_address(fixes: bool) -> None:
    wire = StripeWire()
    environment = {**ENVIRONMENT, "TUITION_PUBLIC_URL": "http://127.0.0.1:8000"}
    checks = examined(a_doctor(wire), environment, fixes=fixes)
    assert wrong(checks) == set()
    assert checks["webhooks"].verdict is Verdict.NOTE
    assert not [
        thing for thing in wire.store.things.values() if thing["object"] == "webhook_endpoint"
    ]


def test_the_fake_gateway_is_called_what_it_is() -> None:
    checks = examined(None, {"TUITION_DATABASE_URL": "memory://"})
    assert wrong(checks) == set()
    assert checks["gateway"].verdict is Verdict.NOTE


# --- On the command line -------------------------------------------------------------------------


@pytest.mark.usefixtures("logging_as_it_was")
def test_the_command_line_tells_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("STRIPE_SECRET_KEY", "TUITION_ENV", "TUITION_GATEWAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TUITION_DATABASE_URL", "sqlite:///new.db")
    assert main(["doctor", "--json"]) == WRONG
    answer = json.loads(capsys.readouterr().out)
    assert {each["name"]: each["verdict"] for each in answer["checks"]}["database"] == "wrong"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "new.db").touch()
    assert main(["doctor", "--json"]) == WRONG
    answer = json.loads(capsys.readouterr().out)
    assert {each["name"]: each["verdict"] for each in answer["checks"]}["schema"] == "wrong"
    main(["migrate"])
    assert main(["doctor"]) == DONE
    assert "✓ schema: current" in capsys.readouterr().out
    monkeypatch.setenv("TUITION_ENV", "nowhere")
    assert main(["doctor"]) == WRONG
    assert "✗ settings: TUITION_ENV" in capsys.readouterr().out
