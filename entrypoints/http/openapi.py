"""The published schema: OpenAPI 3.1, made of the very structs that are read and written."""

import re
from collections.abc import Iterable, Mapping, Sequence
from inspect import cleandoc
from typing import Any

import msgspec

from entrypoints.http.endpoints import Endpoint, Raw
from entrypoints.http.keys import HEADER, LONGEST
from entrypoints.http.policies import OPERATOR, SIGNED, VISITOR
from entrypoints.http.problem_codes import descriptions
from entrypoints.http.problems import MEDIA_TYPE, DeclineProblem, Problem
from entrypoints.http.promised import codes_of
from entrypoints.http.reading import needs_a_body
from entrypoints.http.services import HttpSettings

_REF = "#/components/schemas/{name}"
_GENERIC = re.compile(r"(Page)_(\w+)_")

INTRODUCTION = """\
Bookings, payments, cards, refunds and payouts for people who sell their time.

Money is a decimal string with exactly its currency's digits (`"75.00"`, `"1003"` yen), instants are
RFC 3339 in UTC, ids are opaque. Lists are pages of at most 200, newest first: pass `next_cursor`
back as `cursor`. What goes wrong is a problem document (`application/problem+json`) whose `code` is
stable; each code is explained at `/problems`.

Send an `Idempotency-Key` with a POST and repeat it as often as you like: the same key and body get
the stored answer, and one effect."""

_MEANINGS = {
    200: "Done; this is how it stands now.",
    201: "Made; this is how it stands now.",
    202: "Under way: the outcome is not known yet. Read it again in a moment.",
    204: "Done; there is nothing to show.",
    503: "Something that requests need is away.",
    304: "Not changed since the ETag that was sent.",
}


def openapi(endpoints: Sequence[Endpoint], settings: HttpSettings) -> dict[str, Any]:
    """Return the schema of these endpoints."""
    schemas, named = _components(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        operation = _operation(endpoint, named)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tuition",
            "version": settings.version,
            "summary": "From booking to payout, to the cent.",
            "description": INTRODUCTION,
        },
        "servers": [{"url": settings.public_url or "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(each.tag for each in endpoints)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The `access_token` that `POST /auth/login` answers.",
                }
            },
        },
    }


# --- Schemas -------------------------------------------------------------------------------------


def _components(
    endpoints: Iterable[Endpoint],
) -> tuple[dict[str, Any], dict[type, dict[str, Any]]]:
    """Return the components, and how each struct is referred to."""
    kinds: dict[type, None] = {Problem: None, DeclineProblem: None}
    for endpoint in endpoints:
        for kind in (endpoint.body, endpoint.query, *endpoint.answers.values()):
            if isinstance(kind, Raw) or kind is None:
                continue
            kinds[kind] = None
    described, components = msgspec.json.schema_components(list(kinds), ref_template=_REF)
    named = {kind: _plain(schema) for kind, schema in zip(kinds, described, strict=True)}
    return {_plain_name(name): _plain(schema) for name, schema in sorted(components.items())}, named


def _plain(schema: Any) -> Any:
    """Give pages readable names, and types to enumerations."""
    if isinstance(schema, dict):
        plain = {name: _plain(value) for name, value in schema.items()}
        if isinstance(plain.get("description"), str):
            plain["description"] = cleandoc(plain["description"])
        if "$ref" in plain:
            plain["$ref"] = _plain_name(plain["$ref"])
        if "enum" in plain and all(isinstance(value, str) for value in plain["enum"]):
            plain["type"] = "string"
        if isinstance(plain.get("title"), str):
            plain["title"] = re.sub(r"Page\[(\w+)\]", r"\1Page", plain["title"])
        return plain
    return [_plain(value) for value in schema] if isinstance(schema, list) else schema


def _plain_name(name: str) -> str:
    return _GENERIC.sub(r"\2\1", name)


# --- Operations ----------------------------------------------------------------------------------


def _operation(endpoint: Endpoint, named: Mapping[type, dict[str, Any]]) -> dict[str, Any]:
    summary, _, description = _documentation(endpoint)
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "tags": [endpoint.tag],
        "summary": summary,
        "description": f"{description}\n\n{_who(endpoint)}".strip(),
        "parameters": _parameters(endpoint),
        "responses": _responses(endpoint, named),
        "security": _security(endpoint),
    }
    if endpoint.body is not None:
        content = {"schema": named[endpoint.body]}
        if endpoint.example is not None:
            content["example"] = dict(endpoint.example)
        operation["requestBody"] = {
            "required": needs_a_body(endpoint.body),
            "content": {"application/json": content},
        }
    elif endpoint.takes_raw:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": {}}},
        }
    return operation


def _documentation(endpoint: Endpoint) -> tuple[str, str, str]:
    lines = (endpoint.handler.__doc__ or "").strip().splitlines()
    text = "\n".join(line.strip() for line in lines)
    return text.partition("\n\n")


def _who(endpoint: Endpoint) -> str:
    if not endpoint.who.roles:
        return f"Access: {endpoint.who.name}."
    return f"Access: {', '.join(sorted(endpoint.who.roles))}."


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    if endpoint.who in (VISITOR, OPERATOR):
        return [{}, {"bearer": []}]
    return [{"bearer": []}] if endpoint.who.needs_a_token else []


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in endpoint.path_parameters
    ]
    if endpoint.query is not None:
        parameters.extend(_query_parameters(endpoint.query))
    if endpoint.takes_key:
        parameters.append(
            {
                "name": HEADER,
                "in": "header",
                "required": False,
                "description": "Makes it safe to repeat. Bound to you, the path and the body.",
                "schema": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": LONGEST,
                    "pattern": "^[ -~]+$",
                },
            }
        )
    if endpoint.who is SIGNED:
        parameters.append(
            {
                "name": "Stripe-Signature",
                "in": "header",
                "required": False,
                "schema": {"type": "string"},
            }
        )
    return parameters


def _query_parameters(query: type[msgspec.Struct]) -> Iterable[dict[str, Any]]:
    schema = msgspec.json.schema(query, ref_template=_REF)
    definition = schema["$defs"][query.__name__] if "$defs" in schema else schema
    for field in msgspec.structs.fields(query):
        described = _never_null(_plain(definition["properties"][field.encode_name]))
        parameter = {
            "name": field.encode_name,
            "in": "query",
            "required": field.required,
            "schema": described,
        }
        if "description" in described:
            parameter["description"] = described.pop("description")
        yield parameter


def _never_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a parameter may be when it is given: a query has no null."""
    kept = {name: value for name, value in schema.items() if (name, value) != ("default", None)}
    choices = [each for each in kept.pop("anyOf", []) if each != {"type": "null"}]
    if not choices:
        return kept
    return {**kept, **choices[0]} if len(choices) == 1 else {**kept, "anyOf": choices}


# --- Responses -----------------------------------------------------------------------------------


def _responses(endpoint: Endpoint, named: Mapping[type, dict[str, Any]]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, kind in endpoint.answers.items():
        responses[str(status)] = {"description": _MEANINGS[status], **_content(kind, named)}
    if endpoint.has_etag:
        responses["304"] = {"description": _MEANINGS[304]}
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes_of(endpoint)):
        by_status.setdefault(descriptions()[code].status, []).append(code)
    for status, codes in by_status.items():
        responses[str(status)] = _merged(
            responses.get(str(status)), _problem_response(status, codes)
        )
    return {status: _with_headers(responses[status], endpoint) for status in sorted(responses)}


def _merged(answer: dict[str, Any] | None, problem: dict[str, Any]) -> dict[str, Any]:
    """Return a response that may be either."""
    if answer is None:
        return problem
    return {
        "description": f"{answer['description']}\n\n{problem['description']}",
        "content": {**answer["content"], **problem["content"]},
    }


def _content(kind: type | Raw | None, named: Mapping[type, dict[str, Any]]) -> dict[str, Any]:
    if kind is None:
        return {}
    if isinstance(kind, Raw):
        media_type = kind.content_type.partition(";")[0]
        return {"content": {media_type: {"schema": {"type": "string"}}}}
    return {"content": {"application/json": {"schema": named[kind]}}}


def _problem_response(status: int, codes: Sequence[str]) -> dict[str, Any]:
    name = "DeclineProblem" if status == 402 else "Problem"
    told = "\n".join(f"- `{code}`: {descriptions()[code].meaning}" for code in codes)
    return {
        "description": told,
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(name=name)}}},
    }


def _with_headers(response: dict[str, Any], endpoint: Endpoint) -> dict[str, Any]:
    headers: dict[str, Any] = {
        "X-Request-Id": {
            "description": "Names this request in our logs.",
            "schema": {"type": "string"},
        }
    }
    if endpoint.takes_key:
        headers["Idempotent-Replayed"] = {
            "description": "`true` if this is the stored answer to an earlier request.",
            "schema": {"type": "string"},
        }
    return {**response, "headers": headers}
