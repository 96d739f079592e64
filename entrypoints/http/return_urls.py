"""Where the gateway may send people back to: nowhere that the operator has not named."""

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from domain.errors import InvalidField
from entrypoints.http.services import HttpSettings

_OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_UPWARDS = re.compile(r"(?:\.|%2e){2}", re.IGNORECASE)
"""How a path climbs: browsers read %2e as a point there."""


def allowed_return_url(url: str | None, settings: HttpSettings) -> str | None:
    """Return the address if it is allowed. Raises `InvalidField`.

    Allowed is what lies below the public address, below one of the settings' return addresses, and,
    outside production, on the machine itself.
    """
    if url is None:
        return None
    parts = _parts(url)
    allowed = [*settings.return_urls, *([settings.public_url] if settings.public_url else [])]
    on_own_machine = settings.environment != "production" and parts.hostname in _OWN_MACHINE
    if not (on_own_machine or _is_below(parts, allowed)):
        raise InvalidField("return_url", "This address is not allowed.", "not_allowed")
    return url


def _parts(url: str) -> SplitResult:
    plain = url.isascii() and url.isprintable() and not any(char in url for char in ' \\"<>`')
    try:
        parts = urlsplit(url)
        known = parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and "@" not in parts.netloc
        _ = parts.port
    except ValueError:
        known, parts = False, SplitResult("", "", "", "", "")
    if not (plain and known):
        raise InvalidField("return_url", "Give a whole http or https address.", "invalid")
    return parts


def _is_below(parts: SplitResult, allowed: Iterable[str]) -> bool:
    for each in allowed:
        base = urlsplit(each)
        path = base.path.rstrip("/")
        below = not path or parts.path == path or parts.path.startswith(f"{path}/")
        if _origin(base) == _origin(parts) and below and not _UPWARDS.search(parts.path):
            return True
    return False


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
