"""`tuition doctor`."""

import os
from argparse import Namespace
from collections.abc import Iterable

from adapters.clock import SystemClock
from entrypoints.cli import DONE, WRONG
from entrypoints.doctor import Check, Doctor, Examination, Verdict
from entrypoints.logs import configure_logging
from entrypoints.settings import GatewayKind, Settings, SettingsError, load_settings
from entrypoints.terminal import Terminal


def run(arguments: Namespace, terminal: Terminal) -> int:
    """Look at everything; status 1 when something is wrong."""
    try:
        settings = load_settings(dict(os.environ))
    except SettingsError as error:
        return show([Check("settings", Verdict.WRONG, each) for each in error.problems], terminal)
    configure_logging("error", str(settings.log_format))
    examination = Examination(
        settings=settings,
        doctor=doctor_of(settings),
        wall=SystemClock(),
        fixes=arguments.fix,
    )
    return show(examination.run(), terminal)


def show(checks: Iterable[Check], terminal: Terminal) -> int:
    """Say each check as it is made; return the exit status."""
    made = []
    for check in checks:
        tell = {
            Verdict.GOOD: terminal.good,
            Verdict.NOTE: terminal.aside,
            Verdict.WRONG: terminal.bad,
        }[check.verdict]
        tell(f"{check.name}: {check.detail}")
        made.append(check)
    wrong = [check for check in made if check.verdict is Verdict.WRONG]
    terminal.answer(
        {
            "healthy": not wrong,
            "checks": [
                {"name": check.name, "verdict": str(check.verdict), "detail": check.detail}
                for check in made
            ],
        }
    )
    return WRONG if wrong else DONE


def doctor_of(settings: Settings) -> Doctor | None:
    """Return who can be asked about the account at Stripe; nobody with the fake gateway."""
    if settings.gateway is not GatewayKind.STRIPE:
        return None
    from adapters.stripe.client import StripeSettings
    from adapters.stripe.doctor import stripe_doctor

    return stripe_doctor(
        StripeSettings(
            secret_key=settings.stripe_secret_key or "",
            publishable_key=settings.stripe_publishable_key or "",
            webhook_secrets=settings.webhook_secrets,
            return_url=settings.return_urls[0],
        )
    )
