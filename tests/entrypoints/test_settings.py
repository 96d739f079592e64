"""The environment: defaults, every variable, and what is refused at start."""

from datetime import timedelta
from pathlib import Path

import pytest

from domain.fees import FeeBearing, FeeOnRefund
from domain.money import Money, currency
from domain.policies import PRESETS, Tier
from entrypoints.settings import (
    Breakage,
    GatewayKind,
    LogFormat,
    LogLevel,
    Settings,
    SettingsError,
    load_settings,
)

USD, JPY, KWD = currency("usd"), currency("jpy"), currency("kwd")

PRODUCTION = {
    "TUITION_ENV": "production",
    "TUITION_DATABASE_URL": "postgresql://tuition:pw@database/tuition",
    "TUITION_JWT_SECRET": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "TUITION_PUBLIC_URL": "https://pay.school.org",
    "STRIPE_SECRET_KEY": "sk_live_51Nabcdefghijkl",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_51Nabcdefghijkl",
    "STRIPE_WEBHOOK_SECRET": "whsec_5f2a9c8e7b6d4a3f",
}


def settings(**environ: str) -> Settings:
    return load_settings(environ, dotenv=None)


def production(**changes: str) -> Settings:
    return load_settings({**PRODUCTION, **changes}, dotenv=None)


def problems(**environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, dotenv=None)
    return caught.value.problems


def production_problems(**changes: str) -> tuple[str, ...]:
    return problems(**{**PRODUCTION, **changes})


# --- Defaults ------------------------------------------------------------------------------------


def test_without_any_variable_it_runs_on_sqlite_and_the_fake_gateway() -> None:
    found = settings()

    assert found.database_url == "sqlite:///tuition.db"
    assert (found.host, found.port, found.public_url) == (
        "127.0.0.1",
        8000,
        "http://127.0.0.1:8000",
    )
    assert found.gateway is GatewayKind.FAKE
    assert found.webhook_secrets == ("whsec_test",)
    assert found.jwt_secret is None
    assert found.rate_limits
    assert found.is_test_mode
    assert not found.is_production


def test_the_rules_have_the_defaults_of_the_domain_rules() -> None:
    rules = settings().rules

    assert [each.code for each in rules.currencies] == ["usd", "eur", "gbp", "jpy"]
    assert rules.fees_for(USD).basis_points == 1500
    assert rules.fees_for(USD).minimum == Money(0, USD)
    assert rules.fees_for(USD).cap is None
    assert rules.fee_on_refund == FeeOnRefund(FeeBearing.PROPORTIONAL)
    assert rules.policy == PRESETS["moderate"]
    assert rules.payout_hold == timedelta(hours=48)
    assert rules.smallest_payout(USD) == Money(1_000, USD)
    assert rules.smallest_payout(JPY) == Money(10, JPY)
    assert rules.largest_payment(USD) == Money(1_000_000, USD)
    assert rules.allows_reserved_domains


def test_an_empty_variable_counts_as_unset() -> None:
    assert settings(TUITION_PORT="", STRIPE_SECRET_KEY=" ", TUITION_ENV="") == settings()


# --- Each variable -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("TUITION_HOST", "0.0.0.0", "public_url", "http://127.0.0.1:8000"),
        ("TUITION_HOST", "::1", "public_url", "http://[::1]:8000"),
        ("TUITION_PORT", "8001", "port", 8001),
        ("TUITION_PORT", "8001", "public_url", "http://127.0.0.1:8001"),
        ("TUITION_PUBLIC_URL", "https://pay.school.org/", "public_url", "https://pay.school.org"),
        ("TUITION_PUBLIC_URL", "https://a.org/", "return_urls", ("https://a.org",)),
        ("TUITION_RETURN_URLS", "https://a.org,https://b.org/x", "return_urls",
         ("https://a.org", "https://b.org/x")),
        ("TUITION_CORS_ORIGINS", "https://a.org, http://localhost:3000", "cors_origins",
         ("https://a.org", "http://localhost:3000")),
        ("TUITION_DATABASE_URL", "memory://", "database_url", "memory://"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_new, whsec_old", "webhook_secrets",
         ("whsec_new", "whsec_old")),
        ("STRIPE_SECRET_KEY", "sk_test_51Nabc", "gateway", GatewayKind.STRIPE),
        ("STRIPE_SECRET_KEY", "rk_test_51Nabc", "gateway", GatewayKind.STRIPE),
        ("TUITION_JWT_SECRET", "anything", "jwt_secret", "anything"),
        ("TUITION_BREAKAGE", "student", "breakage", Breakage.STUDENT),
        ("TUITION_HOURS_GRACE_DAYS", "14", "hours_grace_days", 14),
        ("TUITION_ALERT_EMAIL", "staff@school.org", "alert_email", "staff@school.org"),
        ("TUITION_MAIL_FROM", "pay@school.org", "mail_from", "pay@school.org"),
        ("TUITION_SMTP_URL", "smtps://u:p@mail.school.org:465", "smtp_url",
         "smtps://u:p@mail.school.org:465"),
        ("TUITION_RATE_LIMITS", "off", "rate_limits", False),
        ("TUITION_LOG_LEVEL", "DEBUG", "log_level", LogLevel.DEBUG),
        ("TUITION_LOG_FORMAT", "json", "log_format", LogFormat.JSON),
        ("TUITION_REFUND_AUTO_APPROVE", "usd:20.00", "refund_auto_approve",
         {"usd": Money(2_000, USD)}),
    ],
)  # fmt: skip
def test_a_variable_is_read(name: str, value: str, field: str, expected: object) -> None:
    assert getattr(settings(**{name: value}), field) == expected


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("TUITION_CURRENCIES", "KWD, jpy", "currencies", (KWD, JPY)),
        ("TUITION_FEE_BASIS_POINTS", "0", "fee_basis_points", 0),
        ("TUITION_FEE_MINIMUM", "usd:1.00,jpy:100", "fee_minimum",
         {"usd": Money(100, USD), "jpy": Money(100, JPY)}),
        ("TUITION_FEE_CAP", "none", "fee_cap", {}),
        ("TUITION_FEE_ON_REFUND", "kept:30", "fee_on_refund", FeeOnRefund(FeeBearing.KEPT, 30)),
        ("TUITION_FEE_ON_REFUND", "absorbed", "fee_on_refund", FeeOnRefund(FeeBearing.ABSORBED)),
        ("TUITION_CANCELLATION_POLICY", "strict", "policy", PRESETS["strict"]),
        ("TUITION_PAYOUT_HOLD_HOURS", "0", "payout_hold", timedelta(0)),
    ],
)  # fmt: skip
def test_a_rule_is_read(name: str, value: str, field: str, expected: object) -> None:
    assert getattr(settings(**{name: value}).rules, field) == expected


def test_a_policy_of_ones_own_is_read_as_tiers() -> None:
    policy = settings(TUITION_CANCELLATION_POLICY="2880:100,60:25").rules.policy

    assert policy.tiers == (Tier(2880, 100), Tier(60, 25))


@pytest.mark.parametrize(
    ("amount", "code", "minor"),
    [
        ("1.00", "usd", 100),
        ("1.00", "jpy", 1),
        ("1.00", "kwd", 1_000),
        ("1", "usd", 100),
        ("usd:12.5", "usd", 1_250),
        ("usd:0.5,jpy:100", "usd", 50),
        ("usd:0.5, jpy:100", "jpy", 100),
        ("kwd:0.125", "kwd", 125),
        ("0", "usd", 0),
    ],
)
def test_an_amount_for_all_or_for_each_currency(amount: str, code: str, minor: int) -> None:
    found = settings(TUITION_CURRENCIES="usd,jpy,kwd", TUITION_FEE_MINIMUM=amount)

    assert found.rules.fee_minimum[code] == Money(minor, currency(code))


# --- What is refused anywhere --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TUITION_ENV", "prod"),
        ("TUITION_PORT", "65536"),
        ("TUITION_PORT", "-1"),
        ("TUITION_PORT", "8000.0"),
        ("TUITION_PORT", "eight"),
        ("TUITION_PORT", "٨٠٠٠"),
        ("TUITION_GATEWAY", "paypal"),
        ("TUITION_DATABASE_URL", "mysql://localhost/tuition"),
        ("TUITION_DATABASE_URL", "tuition.db"),
        ("TUITION_PUBLIC_URL", "pay.school.org"),
        ("TUITION_PUBLIC_URL", "ftp://pay.school.org"),
        ("TUITION_PUBLIC_URL", "https://"),
        ("TUITION_PUBLIC_URL", "https://[::1"),
        ("TUITION_PUBLIC_URL", "https://pay.school.org:99999"),
        ("TUITION_CORS_ORIGINS", "*"),
        ("TUITION_RETURN_URLS", "javascript:alert(1)"),
        ("TUITION_CURRENCIES", "usd,doge"),
        ("TUITION_CURRENCIES", "usd,usd"),
        ("TUITION_CURRENCIES", "usd,iqd"),
        ("TUITION_CURRENCIES", "usd,,eur"),
        ("TUITION_FEE_BASIS_POINTS", "10001"),
        ("TUITION_FEE_BASIS_POINTS", "15%"),
        ("TUITION_FEE_MINIMUM", "1.005"),
        ("TUITION_FEE_MINIMUM", "0.50"),
        ("TUITION_FEE_MINIMUM", "-1.00"),
        ("TUITION_FEE_MINIMUM", "1e2"),
        ("TUITION_FEE_MINIMUM", "chf:1.00"),
        ("TUITION_FEE_MINIMUM", "usd:"),
        ("TUITION_FEE_CAP", "usd:1.00,2.00"),
        ("TUITION_FEE_ON_REFUND", "kept:130"),
        ("TUITION_FEE_ON_REFUND", "lost"),
        ("TUITION_CANCELLATION_POLICY", "lenient"),
        ("TUITION_CANCELLATION_POLICY", "60:50,120:100"),
        ("TUITION_PAYOUT_HOLD_HOURS", "8761"),
        ("TUITION_PAYOUT_MINIMUM", "ten"),
        ("TUITION_REFUND_AUTO_APPROVE", "usd=1"),
        ("TUITION_HOURS_GRACE_DAYS", "1.5"),
        ("TUITION_BREAKAGE", "nobody"),
        ("TUITION_ALERT_EMAIL", "staff"),
        ("TUITION_MAIL_FROM", "a@b"),
        ("TUITION_SMTP_URL", "mail.school.org"),
        ("TUITION_RATE_LIMITS", "maybe"),
        ("TUITION_LOG_LEVEL", "loud"),
        ("TUITION_LOG_FORMAT", "xml"),
        ("STRIPE_SECRET_KEY", "abc"),
        ("STRIPE_SECRET_KEY", "pk_test_51Nabc"),
        ("STRIPE_PUBLISHABLE_KEY", "sk_test_51Nabc"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_in_one_sentence(name: str, value: str) -> None:
    found = problems(**{name: value})

    assert len(found) == 1
    assert found[0].startswith(name)
    assert found[0].endswith(".")


def test_a_minimum_fee_above_the_cap_is_refused() -> None:
    found = problems(TUITION_FEE_MINIMUM="2.00", TUITION_FEE_CAP="usd:1.00")

    assert found == ("TUITION_FEE_MINIMUM is above TUITION_FEE_CAP for usd.",)


@pytest.mark.parametrize("name", ["STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY"])
def test_a_live_key_outside_production_is_refused(name: str) -> None:
    found = problems(**{name: PRODUCTION[name]})

    assert found == (f"{name} is a live key, which only production may have.",)


def test_stripe_needs_its_key() -> None:
    assert problems(TUITION_GATEWAY="stripe") == (
        "STRIPE_SECRET_KEY is needed for TUITION_GATEWAY=stripe.",
    )


def test_the_fake_gateway_can_be_asked_for_although_there_is_a_test_key() -> None:
    found = settings(TUITION_GATEWAY="fake", STRIPE_SECRET_KEY="sk_test_51Nabc")

    assert found.gateway is GatewayKind.FAKE
    assert found.is_test_mode


def test_stripe_with_test_keys_is_no_test_mode() -> None:
    found = settings(STRIPE_SECRET_KEY="sk_test_51Nabc")

    assert not found.is_test_mode
    assert not found.is_live
    assert found.webhook_secrets == ()


@pytest.mark.parametrize(
    "alone",
    [{"TUITION_ADMIN_EMAIL": "a@school.org"}, {"TUITION_ADMIN_PASSWORD": "open sesame!"}],
    ids=["address", "password"],
)
def test_an_admin_needs_an_address_and_a_password(alone: dict[str, str]) -> None:
    assert problems(**alone) == (
        "TUITION_ADMIN_EMAIL and TUITION_ADMIN_PASSWORD are given together.",
    )


def test_an_admin_whose_address_is_none_is_one_problem_only() -> None:
    assert len(problems(TUITION_ADMIN_EMAIL="nobody", TUITION_ADMIN_PASSWORD="open sesame!")) == 1


def test_a_short_admin_password_is_refused() -> None:
    found = problems(TUITION_ADMIN_EMAIL="a@school.org", TUITION_ADMIN_PASSWORD="short")

    assert found == ("TUITION_ADMIN_PASSWORD has 10 to 200 characters.",)


def test_all_problems_are_reported_together() -> None:
    found = problems(TUITION_PORT="x", TUITION_CURRENCIES="doge", TUITION_RATE_LIMITS="maybe")

    assert [sentence.split(maxsplit=1)[0].rstrip(",") for sentence in found] == [
        "TUITION_PORT",
        "TUITION_CURRENCIES",
        "TUITION_RATE_LIMITS",
    ]


def test_the_error_reads_as_one_line_a_problem() -> None:
    with pytest.raises(SettingsError) as caught:
        settings(TUITION_PORT="x", TUITION_RATE_LIMITS="maybe")

    assert str(caught.value).splitlines() == list(caught.value.problems)


# --- What production demands ---------------------------------------------------------------------


def test_production_starts_with_all_that_it_needs() -> None:
    found = production()

    assert found.is_production
    assert found.is_live
    assert not found.is_test_mode
    assert not found.rules.allows_reserved_domains


def test_production_may_run_on_sqlite() -> None:
    assert production(TUITION_DATABASE_URL="sqlite:////data/tuition.db").is_production


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"TUITION_JWT_SECRET": ""}, "TUITION_JWT_SECRET"),
        ({"TUITION_JWT_SECRET": "9f86d081884c7d659a2feaa0c55ad01"}, "TUITION_JWT_SECRET"),
        ({"TUITION_JWT_SECRET": "a" * 64}, "TUITION_JWT_SECRET"),
        ({"TUITION_JWT_SECRET": "q8Zk2LmX7w" * 4}, "TUITION_JWT_SECRET"),
        ({"TUITION_JWT_SECRET": "my-very-own-secret-for-the-lessons"}, "TUITION_JWT_SECRET"),
        ({"TUITION_JWT_SECRET": "ChangeMe-9f86d081884c7d659a2feaa0c55a"}, "TUITION_JWT_SECRET"),
        ({"TUITION_DATABASE_URL": "memory://"}, "TUITION_DATABASE_URL"),
        ({"TUITION_RATE_LIMITS": "off"}, "TUITION_RATE_LIMITS"),
        ({"TUITION_GATEWAY": "fake"}, "The fake gateway"),
        ({"STRIPE_PUBLISHABLE_KEY": ""}, "STRIPE_PUBLISHABLE_KEY"),
        ({"STRIPE_WEBHOOK_SECRET": ""}, "STRIPE_WEBHOOK_SECRET"),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_test"}, "STRIPE_WEBHOOK_SECRET"),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_5f2a9c8e7b6d4a3f,old"}, "STRIPE_WEBHOOK_SECRET"),
        ({"TUITION_PUBLIC_URL": ""}, "TUITION_PUBLIC_URL"),
        ({"TUITION_PUBLIC_URL": "http://pay.school.org"}, "TUITION_PUBLIC_URL"),
        ({"TUITION_CORS_ORIGINS": "https://a.org,http://b.org"}, "TUITION_CORS_ORIGINS"),
        ({"TUITION_RETURN_URLS": "http://a.org"}, "TUITION_RETURN_URLS"),
        (
            {"TUITION_ADMIN_EMAIL": "a@b.org", "TUITION_ADMIN_PASSWORD": "tuition-demo-1"},
            "TUITION_ADMIN_PASSWORD",
        ),
    ],
)
def test_production_refuses(changes: dict[str, str], names: str) -> None:
    found = production_problems(**changes)

    assert len(found) == 1
    assert found[0].startswith(names)
    assert found[0].endswith(".")


def test_test_keys_in_production_are_refused() -> None:
    found = production_problems(
        STRIPE_SECRET_KEY="sk_test_51Nabc", STRIPE_PUBLISHABLE_KEY="pk_test_51Nabc"
    )

    assert found == (
        "STRIPE_SECRET_KEY is a test key, which production refuses.",
        "STRIPE_PUBLISHABLE_KEY is a test key, which production refuses.",
    )


def test_keys_of_different_modes_are_refused() -> None:
    found = production_problems(STRIPE_PUBLISHABLE_KEY="pk_test_51Nabc")

    assert "STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY are of different modes." in found


def test_without_anything_production_says_all_that_is_missing() -> None:
    found = " ".join(problems(TUITION_ENV="production"))

    assert "TUITION_JWT_SECRET" in found
    assert "fake gateway" in found
    assert "TUITION_PUBLIC_URL" in found


# --- Secrets, and where the environment comes from -----------------------------------------------


def test_no_secret_shows_in_a_repr() -> None:
    shown = repr(
        production(
            TUITION_ADMIN_EMAIL="a@b.org",
            TUITION_ADMIN_PASSWORD="Zx81-Spectrum",
            TUITION_SMTP_URL="smtp://me:Zx81-Spectrum@mail.school.org",
        )
    )

    for secret in (
        PRODUCTION["STRIPE_SECRET_KEY"],
        PRODUCTION["STRIPE_WEBHOOK_SECRET"],
        PRODUCTION["TUITION_JWT_SECRET"],
        ":pw@",
        "Zx81-Spectrum",
    ):
        assert secret not in shown


@pytest.mark.parametrize(
    "name",
    [
        "STRIPE_SECRET_KEY",
        "STRIPE_PUBLISHABLE_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "TUITION_JWT_SECRET",
        "TUITION_DATABASE_URL",
        "TUITION_SMTP_URL",
        "TUITION_ADMIN_PASSWORD",
    ],
)
def test_no_problem_quotes_a_secret(name: str) -> None:
    found = production_problems(**{name: "hunter-2", "TUITION_ADMIN_EMAIL": "a@b.org"})

    assert "hunter-2" not in " ".join(found)


def test_a_dotenv_file_serves_where_the_environment_says_nothing(tmp_path: Path) -> None:
    written = tmp_path / ".env"
    written.write_text("TUITION_PORT=9000\nTUITION_LOG_FORMAT='json'\nTUITION_HOST\n")

    found = load_settings({"TUITION_PORT": "9001"}, dotenv=written)

    assert (found.port, found.log_format) == (9001, LogFormat.JSON)


def test_an_empty_variable_takes_back_what_the_file_says(tmp_path: Path) -> None:
    written = tmp_path / ".env"
    written.write_text("STRIPE_SECRET_KEY=sk_test_51Nabc\n")

    assert load_settings({"STRIPE_SECRET_KEY": ""}, dotenv=written).gateway is GatewayKind.FAKE


def test_a_secret_with_dollar_signs_survives_the_file(tmp_path: Path) -> None:
    written = tmp_path / ".env"
    written.write_text("TUITION_JWT_SECRET=a${HOME}b$c\n")

    assert load_settings({}, dotenv=written).jwt_secret == "a${HOME}b$c"


def test_a_missing_file_is_no_problem(tmp_path: Path) -> None:
    assert load_settings({}, dotenv=tmp_path / ".env") == settings()
