"""From the environment to the settings."""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from dotenv import dotenv_values

from application.rules import PlatformRules
from domain.errors import InvalidField
from domain.fees import FeeOnRefund
from domain.money import Currency, currency
from domain.people import email_address
from domain.policies import PRESETS, CancellationPolicy
from entrypoints.settings.checks import problems_of
from entrypoints.settings.values import (
    Breakage,
    Environment,
    GatewayKind,
    LogFormat,
    LogLevel,
    Settings,
    SettingsError,
    Switch,
)
from entrypoints.settings.variables import Variables


def load_settings(
    environ: Mapping[str, str] | None = None, dotenv: Path | None = Path(".env")
) -> Settings:
    """Read and check the environment. Raises `SettingsError` with every problem at once."""
    values: dict[str, str] = {}
    if dotenv is not None and dotenv.is_file():
        # Nothing is interpolated: a secret may contain dollar signs.
        written = dotenv_values(dotenv, interpolate=False)
        values.update({name: value for name, value in written.items() if value is not None})
    values.update(os.environ if environ is None else environ)
    variables = Variables(values)
    settings = _read(variables)
    problems = (*variables.problems, *problems_of(settings))
    if problems:
        raise SettingsError(problems)
    return settings


def _read(variables: Variables) -> Settings:
    host = variables.find("TUITION_HOST") or "127.0.0.1"
    port = variables.whole("TUITION_PORT", 8000, least=0, most=65_535)
    environment = variables.choice("TUITION_ENV", Environment, Environment.DEVELOPMENT)
    secret_key = variables.find("STRIPE_SECRET_KEY")
    gateway = variables.choice(
        "TUITION_GATEWAY", GatewayKind, GatewayKind.STRIPE if secret_key else GatewayKind.FAKE
    )
    webhook_secrets = variables.listed("STRIPE_WEBHOOK_SECRET")
    if not webhook_secrets and gateway is GatewayKind.FAKE:
        webhook_secrets = ("whsec_test",)
    public_url = variables.url(
        "TUITION_PUBLIC_URL",
        variables.find("TUITION_PUBLIC_URL") or f"http://{_in_url(host)}:{port or 8000}",
        ("https", "http"),
    )
    rules = _rules(variables, is_production=environment is Environment.PRODUCTION)
    return Settings(
        environment=environment,
        database_url=_database_url(variables),
        host=host,
        port=port,
        public_url=public_url,
        gateway=gateway,
        stripe_secret_key=secret_key,
        stripe_publishable_key=variables.find("STRIPE_PUBLISHABLE_KEY"),
        webhook_secrets=webhook_secrets,
        jwt_secret=variables.find("TUITION_JWT_SECRET"),
        admin_email=variables.parsed(
            "TUITION_ADMIN_EMAIL", email_address, variables.find("TUITION_ADMIN_EMAIL")
        ),
        admin_password=variables.find("TUITION_ADMIN_PASSWORD"),
        rules=rules,
        refund_auto_approve=variables.amounts("TUITION_REFUND_AUTO_APPROVE", rules.currencies, "0"),
        hours_grace_days=variables.whole("TUITION_HOURS_GRACE_DAYS", 7, least=0, most=3650),
        breakage=variables.choice("TUITION_BREAKAGE", Breakage, Breakage.PLATFORM),
        alert_email=variables.parsed("TUITION_ALERT_EMAIL", email_address, None),
        cors_origins=_urls(variables, "TUITION_CORS_ORIGINS"),
        return_urls=_urls(variables, "TUITION_RETURN_URLS") or (public_url,),
        smtp_url=_smtp_url(variables),
        mail_from=variables.parsed("TUITION_MAIL_FROM", email_address, "tuition@localhost.test"),
        rate_limits=variables.choice("TUITION_RATE_LIMITS", Switch, Switch.ON) is Switch.ON,
        log_level=variables.choice("TUITION_LOG_LEVEL", LogLevel, LogLevel.INFO),
        log_format=variables.choice("TUITION_LOG_FORMAT", LogFormat, LogFormat.CONSOLE),
    )


def _rules(variables: Variables, *, is_production: bool) -> PlatformRules:
    defaults = PlatformRules()
    currencies = variables.parsed("TUITION_CURRENCIES", _currencies, defaults.currencies)
    hold_hours = variables.whole("TUITION_PAYOUT_HOLD_HOURS", 48, least=0, most=8_760)
    return PlatformRules(
        currencies=currencies,
        fee_basis_points=variables.whole("TUITION_FEE_BASIS_POINTS", 1500, least=0, most=10_000),
        fee_minimum=variables.amounts("TUITION_FEE_MINIMUM", currencies, "0"),
        fee_cap=variables.amounts("TUITION_FEE_CAP", currencies, None),
        fee_on_refund=variables.parsed(
            "TUITION_FEE_ON_REFUND", FeeOnRefund.parse, defaults.fee_on_refund
        ),
        policy=variables.parsed(
            "TUITION_CANCELLATION_POLICY", CancellationPolicy.parse, PRESETS["moderate"]
        ),
        payout_minimum=variables.amounts("TUITION_PAYOUT_MINIMUM", currencies, "10.00"),
        payout_hold=timedelta(hours=hold_hours),
        allows_reserved_domains=not is_production,
    )


def _currencies(text: str) -> tuple[Currency, ...]:
    codes = [code.strip().lower() for code in text.split(",")]
    if len(set(codes)) != len(codes):
        raise InvalidField("currency", "Each currency is named once.")
    return tuple(currency(code) for code in codes)


def _database_url(variables: Variables) -> str:
    url = variables.find("TUITION_DATABASE_URL") or "sqlite:///tuition.db"
    if not url.startswith(("sqlite:///", "postgresql://", "memory://")):
        variables.problems.append(
            "TUITION_DATABASE_URL begins with sqlite:///, postgresql:// or memory://."
        )
    return url


def _smtp_url(variables: Variables) -> str | None:
    url = variables.find("TUITION_SMTP_URL")
    return url and variables.url("TUITION_SMTP_URL", url, ("smtp", "smtps"))


def _urls(variables: Variables, name: str) -> tuple[str, ...]:
    return tuple(variables.url(name, url, ("https", "http")) for url in variables.listed(name))


def _in_url(host: str) -> str:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound here
    return f"[{reachable}]" if ":" in reachable else reachable
