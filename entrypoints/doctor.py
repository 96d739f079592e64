"""What would keep an installation from working, looked for before it is missed."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from attrs import frozen

from adapters.stripe.client import API_VERSION
from adapters.stripe.doctor import (
    ACCOUNT_EVENTS,
    CONNECT_EVENTS,
    AccountState,
    EndpointState,
    NewEndpoint,
)
from application.ports.clock import WallClock
from application.ports.gateway import GatewayError
from domain.errors import StorageUnavailable
from entrypoints.preparing import is_in_memory
from entrypoints.settings import GatewayKind, Settings

WEBHOOK_PATH = "/api/v1/webhooks/stripe"
MOST_SKEW = timedelta(seconds=60)
"""Signatures of webhooks are refused beyond five minutes."""


class Verdict(StrEnum):
    """What a check says."""

    GOOD = "good"
    NOTE = "note"
    """Worth knowing; nothing fails for it."""
    WRONG = "wrong"


@frozen
class Check:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    detail: str


class Doctor(Protocol):
    """What can be asked of the gateway's account."""

    def account(self) -> AccountState:
        """Read the account that the key belongs to."""
        ...

    def endpoints(self, url: str) -> tuple[EndpointState, ...]:
        """Return the webhook endpoints that deliver to an address."""
        ...

    def register(self, url: str, *, connect: bool) -> NewEndpoint:
        """Register one for one's own account, or for those of teachers."""
        ...


@frozen(kw_only=True)
class Examination:
    """Everything that is looked at; `doctor` is None with the fake gateway."""

    settings: Settings
    doctor: Doctor | None
    wall: WallClock
    fixes: bool = False

    def run(self) -> Iterator[Check]:
        """Look at one thing after the other."""
        yield Check("settings", Verdict.GOOD, f"{self.settings.environment}, nothing contradicts")
        yield from self._database()
        yield from self._urls()
        if self.doctor is None:
            yield Check("gateway", Verdict.NOTE, "fake: no real money moves, test mode is open")
            return
        try:
            yield from self._account(self.doctor)
            yield from self._webhooks(self.doctor)
        except GatewayError as error:
            yield Check("stripe", Verdict.WRONG, str(error))

    # --- Here ----------------------------------------------------------------------------------

    def _database(self) -> Iterator[Check]:
        if is_in_memory(self.settings):
            yield Check("database", Verdict.NOTE, "memory://: everything ends with the process")
            return
        from adapters.sql.schema import is_absent, is_current

        if is_absent(self.settings.database_url):
            absent = f"{self.settings.database_url} is not there: `tuition migrate` makes it"
            yield Check("database", Verdict.WRONG, absent)
            return
        try:
            current = is_current(self.settings.database_url)
        except StorageUnavailable as error:
            yield Check("database", Verdict.WRONG, f"cannot be reached: {error}")
            return
        yield Check("database", Verdict.GOOD, "reachable")
        if current:
            yield Check("schema", Verdict.GOOD, "current")
        else:
            yield Check("schema", Verdict.WRONG, "not what this version needs: `tuition migrate`")

    def _urls(self) -> Iterator[Check]:
        is_plain = not self.settings.public_url.startswith("https:")
        if self.settings.gateway is GatewayKind.STRIPE and self._is_local:
            yield Check(
                "public url",
                Verdict.NOTE,
                f"{self.settings.public_url} cannot be reached by Stripe: forward webhooks to it, "
                f"for example with `stripe listen --forward-to {self._webhook_url}`",
            )
        elif self.settings.is_production and is_plain:
            yield Check("public url", Verdict.WRONG, f"{self.settings.public_url} is not https")
        else:
            yield Check("public url", Verdict.GOOD, self.settings.public_url)

    @property
    def _is_local(self) -> bool:
        """Whether the public address is one that nobody outside can reach."""
        host = urlsplit(self.settings.public_url).hostname or ""
        return host in {"localhost", "127.0.0.1", "::1"} or host.endswith(".test")

    # --- At Stripe -----------------------------------------------------------------------------

    def _account(self, doctor: Doctor) -> Iterator[Check]:
        account = doctor.account()
        mode = "live" if self.settings.is_live else "test"
        yield Check("stripe key", Verdict.GOOD, f"{mode} mode, account {account.id}")
        if self.settings.stripe_publishable_key is None:
            yield Check(
                "publishable key",
                Verdict.WRONG,
                "STRIPE_PUBLISHABLE_KEY is unset: browsers need it",
            )
        yield from _may("charges", account.charges_enabled, "take payments")
        yield from _may("payouts", account.payouts_enabled, "pay out to its bank")
        yield from _may("transfers", account.may_transfer, "send money to teachers (Connect)")
        yield from self._clock(account.answered_at)

    def _clock(self, theirs: datetime | None) -> Iterator[Check]:
        if theirs is None:
            yield Check("clock", Verdict.NOTE, "Stripe did not tell its time")
            return
        skew = abs(self.wall.now() - theirs)
        seconds = int(skew.total_seconds())
        if skew > MOST_SKEW:
            yield Check("clock", Verdict.WRONG, f"{seconds} seconds off Stripe's: webhooks fail")
        else:
            yield Check("clock", Verdict.GOOD, f"within {seconds} seconds of Stripe's")

    @property
    def _webhook_url(self) -> str:
        return self.settings.public_url + WEBHOOK_PATH

    def _webhooks(self, doctor: Doctor) -> Iterator[Check]:
        if not self.settings.webhook_secrets:
            yield Check(
                "webhook secret",
                Verdict.WRONG,
                "STRIPE_WEBHOOK_SECRET is unset: no delivery can be trusted",
            )
        if self._is_local and not self.settings.is_production:
            # Stripe registers no endpoint at such an address: there is nothing to look for, or fix.
            forwarded = "no endpoint delivers to a local address; `stripe listen` forwards"
            yield Check("webhooks", Verdict.NOTE, forwarded)
            return
        there = doctor.endpoints(self._webhook_url)
        for name, events, connect in (
            ("webhooks", ACCOUNT_EVENTS, False),
            ("connect webhooks", CONNECT_EVENTS, True),
        ):
            faults = _faults(there, events)
            if not faults:
                yield Check(name, Verdict.GOOD, f"{self._webhook_url}, {len(events)} events")
            elif self.fixes:
                made = doctor.register(self._webhook_url, connect=connect)
                yield Check(
                    name,
                    Verdict.GOOD,
                    f"registered {made.id}: add its secret to STRIPE_WEBHOOK_SECRET "
                    f"(comma-separated): {made.secret}",
                )
            else:
                yield Check(name, Verdict.WRONG, f"{'; '.join(faults)} (`tuition doctor --fix`)")


def _may(name: str, allowed: bool, what: str) -> Iterator[Check]:  # noqa: FBT001 - a fact, no mode
    verdict = Verdict.GOOD if allowed else Verdict.WRONG
    yield Check(name, verdict, f"the account may {'' if allowed else 'not '}{what}")


def _faults(endpoints: Sequence[EndpointState], events: Sequence[str]) -> tuple[str, ...]:
    """Return why no endpoint delivers these events as we read them; nothing when one does."""
    wanted = set(events)
    serving = [each for each in endpoints if wanted & each.events or "*" in each.events]
    if not serving:
        return ("no endpoint delivers to us",)
    faults = [_fault(endpoint, wanted) for endpoint in serving]
    if None in faults:
        return ()
    return tuple(fault for fault in faults if fault is not None)


def _fault(endpoint: EndpointState, wanted: set[str]) -> str | None:
    missing = set() if "*" in endpoint.events else wanted - endpoint.events
    if not endpoint.is_enabled:
        return f"{endpoint.id} is disabled"
    if endpoint.api_version != API_VERSION:
        version = endpoint.api_version or "the account's version"
        return f"{endpoint.id} speaks {version}, not {API_VERSION}"
    if missing:
        return f"{endpoint.id} does not deliver {', '.join(sorted(missing))}"
    return None
