"""Every route states who may call it; what answers without a policy fails the build.

Policies are compared with `who_may.py`, where they are written down once more, and with what the
OpenAPI document says.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import get
from litestar.handlers import HTTPRouteHandler

from entrypoints.composition import compose
from entrypoints.http.app import app_of, create_app
from entrypoints.http.endpoints import Endpoint, Reply, Resource
from entrypoints.http.policies import PUBLIC
from entrypoints.settings import load_settings
from tests.entrypoints.test_settings import PRODUCTION
from tests.http.shop import Shop, shown
from tests.http.who_may import ADMITS, WHO_MAY
from tests.security.published import operations_of


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with Shop() as shop:
        yield shop


def _endpoints(app: Any) -> Iterator[Endpoint]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and "endpoint" in handler.opt:
                yield handler.opt["endpoint"]


def _without_a_policy(app: Any) -> list[str]:
    """Return the paths of all that answers and was not declared as an endpoint."""
    return [
        route.path
        for route in app.routes
        for handler in getattr(route, "route_handlers", (None,))
        if not _is_declared(handler)
    ]


def _is_declared(handler: Any) -> bool:
    if not isinstance(handler, HTTPRouteHandler):
        return False
    # The framework answers OPTIONS by itself: with the methods, and nothing else.
    return "endpoint" in handler.opt or set(handler.http_methods) == {"OPTIONS"}


def test_every_route_has_the_policy_that_is_written_down(shop: Shop) -> None:
    stated = {f"{each.method} {each.path}": each.who.name for each in _endpoints(shop.client.app)}

    assert stated == WHO_MAY


def test_every_policy_admits_the_roles_that_are_written_down(shop: Shop) -> None:
    for endpoint in _endpoints(shop.client.app):
        assert endpoint.who.roles == ADMITS[endpoint.who.name], endpoint.path


def test_the_document_says_the_same_of_who_may(shop: Shop) -> None:
    for operation in operations_of(shown(shop.anybody.get("//schema/openapi.json"))):
        policy = WHO_MAY[f"{operation.method} {operation.path}"]
        assert operation.access == (ADMITS[policy] or {policy}), operation.name


def test_nothing_answers_that_states_no_policy(shop: Shop) -> None:
    assert _without_a_policy(shop.client.app) == []


def test_a_route_that_is_added_past_the_endpoints_is_noticed(shop: Shop) -> None:
    @get("/api/v1/backdoor")
    async def backdoor() -> str:
        return "in"

    app = app_of((), shop.services)
    app.register(backdoor)

    assert _without_a_policy(app) == ["/api/v1/backdoor"]


def test_an_endpoint_cannot_be_declared_without_a_policy() -> None:
    def show_nothing() -> Reply:
        """Show nothing."""
        return Reply(204)

    resource = Resource("/nothing", tag="Nothing")

    assert resource.get("", who=PUBLIC, answers={204: None})(show_nothing).who is PUBLIC
    with pytest.raises(TypeError, match="who"):
        resource.get("", answers={204: None})(show_nothing)
    with pytest.raises(TypeError, match="who"):
        resource.get("", who=None, answers={204: None})(show_nothing)  # type: ignore[arg-type]


def test_only_the_metrics_are_open_to_the_machine_itself(shop: Shop) -> None:
    opened = [each.path for each in _endpoints(shop.client.app) if each.who.is_for_operators]

    assert opened == ["/metrics"]


def test_nothing_of_the_test_mode_exists_where_money_is_real(tmp_path: Path) -> None:
    database = {"TUITION_DATABASE_URL": f"sqlite:///{tmp_path / 'tuition.db'}"}
    with compose(load_settings({**PRODUCTION, **database}, dotenv=None)) as installation:
        app = create_app(installation.services())

    names = {endpoint.name for endpoint in _endpoints(app)}
    absent = {route for route in WHO_MAY if "/test" in route}
    assert len(names) == len(WHO_MAY) - len(absent)
    assert not [name for name in names if name.startswith("test_") or "test_card" in name]
