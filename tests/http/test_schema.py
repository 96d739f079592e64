"""The published schema is the API: every route, every answer; readable offline."""

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import jsonschema_rs
import pytest
from litestar.handlers import HTTPRouteHandler

from entrypoints.http.endpoints import Endpoint
from entrypoints.http.problem_codes import descriptions
from entrypoints.http.promised import codes_of
from tests.http.shop import Shop


def _endpoints(shop: Shop) -> Iterator[Endpoint]:
    for route in shop.client.app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and "OPTIONS" not in handler.http_methods:
                yield handler.opt["endpoint"]


def _schema(shop: Shop) -> dict[str, Any]:
    schema: dict[str, Any] = shop.anybody.get("//schema/openapi.json").json()
    return schema


def test_every_route_is_published_but_the_documentation_itself(window: Shop) -> None:
    published = {
        (method.upper(), path)
        for path, operations in _schema(window)["paths"].items()
        for method in operations
    }
    routed = {(each.method, each.path) for each in _endpoints(window)}

    documents = {(method, path) for method, path in routed if path.startswith(("/schema", "/prob"))}
    assert routed - published == documents
    assert published <= routed


def test_every_reference_leads_somewhere_and_every_schema_is_valid(window: Shop) -> None:
    schema = _schema(window)
    known = schema["components"]["schemas"]

    for name in re.findall(
        r'"#/components/schemas/([^"]+)"', window.anybody.get("//schema/openapi.json").text
    ):
        assert name in known
    for definition in known.values():
        jsonschema_rs.meta.validate(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **definition}
        )


def test_operations_have_unique_names_words_and_tags(window: Shop) -> None:
    operations = [
        operation for each in _schema(window)["paths"].values() for operation in each.values()
    ]

    assert len({each["operationId"] for each in operations}) == len(operations)
    assert all(each["summary"].endswith(".") and each["tags"] for each in operations)


def test_every_promised_problem_is_described(window: Shop) -> None:
    for endpoint in _endpoints(window):
        assert codes_of(endpoint) <= set(descriptions()), endpoint.path


def test_a_key_is_offered_on_every_post_but_sessions_webhooks_and_tests(window: Shop) -> None:
    for path, operations in _schema(window)["paths"].items():
        offered = {
            parameter["name"] for parameter in operations.get("post", {}).get("parameters", ())
        }
        exempt = any(part in path for part in ("/auth/", "/webhooks/", "/test/"))
        if "post" in operations:
            assert ("Idempotency-Key" in offered) is not exempt, path


def test_bodies_are_closed(window: Shop) -> None:
    schema = _schema(window)
    for operations in schema["paths"].values():
        for operation in operations.values():
            content = operation.get("requestBody", {}).get("content", {})
            reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
            if reference:
                name = reference.rpartition("/")[2]
                assert schema["components"]["schemas"][name]["additionalProperties"] is False


@pytest.mark.parametrize("path", ["//schema", "//schema/docs.js", "//schema/docs.css"])
def test_the_documentation_needs_no_other_machine(window: Shop, path: str) -> None:
    response = window.anybody.get(path)

    assert response.status_code == 200
    assert response.text
    assert not re.search(r"""(src|href|url\(|import)[^\n]{0,10}["'(]?(https?:)?//""", response.text)


def test_the_documentation_runs_no_inline_script(window: Shop) -> None:
    page = window.anybody.get("//schema")

    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "<script>" not in page.text
    assert " style=" not in page.text
    assert not re.search(r" on\w+=", page.text)
    script = files("entrypoints.http").joinpath("static", "docs.js").read_text()
    assert "innerHTML" not in script
