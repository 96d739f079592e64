"""What the environment decides, as one frozen value."""

from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen

from application.rules import PlatformRules
from domain.money import Money


class Environment(StrEnum):
    """Where this runs: only in production does real money move."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class GatewayKind(StrEnum):
    """What moves the money."""

    FAKE = "fake"
    STRIPE = "stripe"


class Breakage(StrEnum):
    """Who gets the value of hours that expire."""

    PLATFORM = "platform"
    STUDENT = "student"


class Switch(StrEnum):
    """Whether something is done."""

    ON = "on"
    OFF = "off"


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """Whether people or machines read the log."""

    CONSOLE = "console"
    JSON = "json"


class SettingsError(Exception):
    """The environment cannot be used; `problems` holds a sentence for each reason."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def key_mode(key: str | None) -> str | None:
    """Return `test` or `live`, as a key of Stripe's itself says, or None."""
    parts = (key or "").split("_")
    return parts[1] if len(parts) > 2 and parts[1] in {"test", "live"} else None


@frozen(kw_only=True)
class Settings:
    """Everything that the environment decides. No secret shows in its `repr`."""

    environment: Environment
    database_url: str = field(repr=False)
    host: str
    port: int
    public_url: str
    gateway: GatewayKind
    stripe_secret_key: str | None = field(repr=False)
    stripe_publishable_key: str | None
    webhook_secrets: tuple[str, ...] = field(repr=False)
    jwt_secret: str | None = field(repr=False)
    """None in development, where one is generated and kept in the database."""
    admin_email: str | None
    admin_password: str | None = field(repr=False)
    rules: PlatformRules
    refund_auto_approve: Mapping[str, Money]
    hours_grace_days: int
    breakage: Breakage
    alert_email: str | None
    cors_origins: tuple[str, ...]
    return_urls: tuple[str, ...]
    """What a browser may be sent back to; `public_url` unless others are named."""
    smtp_url: str | None = field(repr=False)
    mail_from: str
    rate_limits: bool
    log_level: LogLevel
    log_format: LogFormat

    @property
    def is_production(self) -> bool:
        """Tell whether real people's money is at stake."""
        return self.environment is Environment.PRODUCTION

    @property
    def is_test_mode(self) -> bool:
        """Tell whether the `/test` endpoints exist: with the fake gateway only."""
        return self.gateway is GatewayKind.FAKE and not self.is_production

    @property
    def is_live(self) -> bool:
        """Tell whether the gateway moves real money."""
        return self.gateway is GatewayKind.STRIPE and key_mode(self.stripe_secret_key) == "live"
