"""Who may call which route: every route names one of these."""

from ipaddress import ip_address
from typing import Any

from attrs import frozen
from litestar.connection import Request

from application.commands import Actor
from application.people import authenticated
from application.ports.tokens import Tokens
from domain.errors import Forbidden, NotAuthenticated
from domain.people import Role

_PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


@frozen(kw_only=True)
class Policy:
    """Who may call a route.

    `roles` is empty where nobody needs to be known. `heeds_tokens` tells whether a token is looked
    at; where it is, a bad one is refused even if none is needed.
    """

    name: str
    roles: frozenset[Role] = frozenset()
    heeds_tokens: bool = True
    is_for_operators: bool = False

    @property
    def needs_a_token(self) -> bool:
        """Tell whether anonymous callers are turned away."""
        return bool(self.roles)

    def admit(self, request: Request[Any, Any, Any], tokens: Tokens) -> Actor:
        """Return who calls. Raises `NotAuthenticated`, `TokenExpired` or `Forbidden`."""
        address = request.client.host if request.client else ""
        if not self.heeds_tokens:
            return Actor(address=address)
        headers = request.headers.getall("authorization", [])
        if len(headers) > 1:
            # What stands before us may have looked at another one than we would.
            raise NotAuthenticated("Send one access token.")
        if not headers:
            if self.needs_a_token and not self._is_operator(request, address):
                raise NotAuthenticated("Send an access token: Authorization: Bearer …")
            return Actor(address=address)
        actor = authenticated(tokens, _bearer(headers[0]), address=address)
        if self.roles and actor.role not in self.roles:
            raise Forbidden
        return actor

    def _is_operator(self, request: Request[Any, Any, Any], address: str) -> bool:
        """Tell whether the call comes from this machine itself, and through no proxy on it."""
        return (
            self.is_for_operators
            and _is_loopback(address)
            and not any(name in request.headers for name in _PROXY_HEADERS)
        )


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated("Send an access token: Authorization: Bearer …")
    return token.strip()


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


PUBLIC = Policy(name="public", heeds_tokens=False)
"""Anybody; tokens are not looked at."""
VISITOR = Policy(name="visitor")
"""Anybody; who is known may see more."""
SIGNED = Policy(name="signed by the gateway", heeds_tokens=False)
"""The gateway: its signature is checked over the raw body."""
TEST_MODE = Policy(name="test mode", heeds_tokens=False)
"""Anybody, in test mode; elsewhere the route does not exist."""
OPERATOR = Policy(name="operator", roles=frozenset({Role.ADMIN}), is_for_operators=True)
"""The machine itself, or an admin."""

KNOWN = Policy(name="known", roles=frozenset(Role))
"""Everybody who is logged in; whose object it is decides the rest."""
STUDENT = Policy(name="student", roles=frozenset({Role.STUDENT}))
TEACHER = Policy(name="teacher", roles=frozenset({Role.TEACHER}))
ADMIN = Policy(name="admin", roles=frozenset({Role.ADMIN}))
STUDENT_OR_ADMIN = Policy(name="student or admin", roles=frozenset({Role.STUDENT, Role.ADMIN}))
TEACHER_OR_ADMIN = Policy(name="teacher or admin", roles=frozenset({Role.TEACHER, Role.ADMIN}))
