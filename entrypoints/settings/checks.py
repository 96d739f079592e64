"""What of the settings does not go together, and what production demands."""

from urllib.parse import urlsplit

from adapters.stripe_facts import CHARGEABLE_CURRENCIES
from entrypoints.settings.values import GatewayKind, Settings, key_mode


def problems_of(settings: Settings) -> list[str]:
    """Return a sentence for everything that keeps these settings from being used."""
    problems = [
        *_currency_problems(settings),
        *_key_problems(settings),
        *_pair_problems(settings),
    ]
    if settings.is_production:
        problems += _production_problems(settings)
    return problems


def _currency_problems(settings: Settings) -> list[str]:
    return [
        f"TUITION_CURRENCIES names {known.code}, which the payment gateway cannot charge."
        for known in settings.rules.currencies
        if known.code not in CHARGEABLE_CURRENCIES
    ]


def _key_problems(settings: Settings) -> list[str]:
    problems = []
    secret, publishable = settings.stripe_secret_key, settings.stripe_publishable_key
    if settings.gateway is GatewayKind.STRIPE and secret is None:
        problems.append("STRIPE_SECRET_KEY is needed for TUITION_GATEWAY=stripe.")
    for name, key, kinds in (
        ("STRIPE_SECRET_KEY", secret, ("sk_", "rk_")),
        ("STRIPE_PUBLISHABLE_KEY", publishable, ("pk_",)),
    ):
        if key is None:
            continue
        if key_mode(key) is None or not key.startswith(kinds):
            forms = " or ".join(f"{kind}{mode}_…" for kind in kinds for mode in ("test", "live"))
            problems.append(f"{name} does not look like a key of Stripe's: {forms}.")
        elif settings.is_production and key_mode(key) == "test":
            problems.append(f"{name} is a test key, which production refuses.")
        elif not settings.is_production and key_mode(key) == "live":
            problems.append(f"{name} is a live key, which only production may have.")
    if key_mode(secret) and key_mode(publishable) and key_mode(secret) != key_mode(publishable):
        problems.append("STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY are of different modes.")
    return problems


def _pair_problems(settings: Settings) -> list[str]:
    problems = []
    email, password = settings.admin_email, settings.admin_password
    if (email is None) != (password is None):
        problems.append("TUITION_ADMIN_EMAIL and TUITION_ADMIN_PASSWORD are given together.")
    if password is not None and not 10 <= len(password) <= 200:
        problems.append("TUITION_ADMIN_PASSWORD has 10 to 200 characters.")
    for code, cap in settings.rules.fee_cap.items():
        if settings.rules.fee_minimum.get(code, cap) > cap:
            problems.append(f"TUITION_FEE_MINIMUM is above TUITION_FEE_CAP for {code}.")
    return problems


# --- What production demands ---------------------------------------------------------------------

_WELL_KNOWN = ("secret", "password", "changeme", "change-me", "example", "tuition", "0123456789")


def _is_weak(secret: str) -> bool:
    """Tell whether a secret was typed rather than drawn: few signs, repeated, or well-known."""
    repeats = any(
        secret == (secret[:length] * len(secret))[: len(secret)] for length in range(1, 17)
    )
    known = any(word in secret.lower() for word in _WELL_KNOWN)
    return len(secret.encode()) < 32 or len(set(secret)) < 10 or repeats or known


def _production_problems(settings: Settings) -> list[str]:
    demands = {
        "TUITION_JWT_SECRET needs 32 random bytes or more in production, such as those of"
        " 'openssl rand -hex 32'.": settings.jwt_secret is not None
        and not _is_weak(settings.jwt_secret),
        "TUITION_DATABASE_URL must outlive the process in production.": not (
            settings.database_url.startswith("memory:")
        ),
        "TUITION_RATE_LIMITS cannot be off in production.": settings.rate_limits,
        "TUITION_ADMIN_PASSWORD is one that everybody knows.": settings.admin_password is None
        or not _is_well_known(settings.admin_password),
    }
    unmet = [demand for demand, is_met in demands.items() if not is_met]
    return [*unmet, *_gateway_problems(settings), *_plain_urls(settings)]


def _gateway_problems(settings: Settings) -> list[str]:
    if settings.gateway is GatewayKind.FAKE:
        return ["The fake gateway, and with it test mode, is refused in production."]
    problems = []
    if settings.stripe_publishable_key is None:
        problems.append("STRIPE_PUBLISHABLE_KEY is needed in production.")
    secrets = settings.webhook_secrets
    if not secrets or not all(
        secret.startswith("whsec_") and len(secret) >= 20 for secret in secrets
    ):
        problems.append(
            "STRIPE_WEBHOOK_SECRET is needed in production, as Stripe gave it: whsec_…."
        )
    return problems


def _is_well_known(password: str) -> bool:
    return any(word in password.lower() for word in _WELL_KNOWN) or len(set(password)) < 6


def _plain_urls(settings: Settings) -> list[str]:
    named = {
        "TUITION_PUBLIC_URL": (settings.public_url,),
        "TUITION_CORS_ORIGINS": settings.cors_origins,
        "TUITION_RETURN_URLS": set(settings.return_urls) - {settings.public_url},
    }
    return [
        f"{name} needs https in production."
        for name, urls in named.items()
        if any(urlsplit(url).scheme != "https" for url in urls)
    ]
