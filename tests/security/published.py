"""The operations of the API, read from the OpenAPI document that the service publishes.

Nothing here is written down by hand: an operation, a parameter or a field that is published
tomorrow is attacked tomorrow.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from attrs import field, frozen

from tests.http.shop import Caller

LATER = "2026-06-01T09:00:00Z"
"""An instant at which nobody in these tests has anything to do."""

Schema = Mapping[str, Any]


@frozen(kw_only=True)
class Field:
    """A place in a body where a value goes in: names of members, and positions in lists."""

    path: tuple[str | int, ...]
    schema: Schema

    @property
    def name(self) -> str:
        """Return the name of the innermost member."""
        return next(str(step) for step in reversed(self.path) if isinstance(step, str))

    @property
    def dotted(self) -> str:
        """Return the path as a reader writes it: `teachers.teacher_id`."""
        return ".".join(step for step in self.path if isinstance(step, str))

    @property
    def is_text(self) -> bool:
        """Tell whether text goes in."""
        return self.schema.get("type") == "string"

    def put(self, body: Mapping[str, Any], value: object) -> dict[str, Any]:
        """Return a body with a value in this place; what leads there is made where it is absent."""
        changed: dict[str, Any] = deepcopy(dict(body))
        at: Any = changed
        for step, following in zip(self.path, self.path[1:], strict=False):
            empty: Any = [{}] if isinstance(following, int) else {}
            at = at[step] if isinstance(step, int) else at.setdefault(step, empty)
        at[self.path[-1]] = value
        return changed


@frozen(kw_only=True)
class Operation:
    """One published operation."""

    method: str
    path: str
    raw: Mapping[str, Any] = field(repr=False)
    document: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """Return what the document calls it."""
        return str(self.raw["operationId"])

    @property
    def access(self) -> frozenset[str]:
        """Return who may call it, as the document says: roles, or the name of an open policy."""
        said = str(self.raw["description"]).rpartition("Access: ")[2].rstrip(".")
        return frozenset(said.split(", "))

    @property
    def heeds_tokens(self) -> bool:
        """Tell whether it looks at a token."""
        return bool(self.raw["security"])

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """Return the names of what stands in the path."""
        return tuple(each["name"] for each in self._parameters("path"))

    @property
    def query(self) -> Mapping[str, Schema]:
        """Return what the query may hold, by name."""
        return {each["name"]: self._plain(each["schema"]) for each in self._parameters("query")}

    @property
    def headers(self) -> tuple[str, ...]:
        """Return the headers that it takes."""
        return tuple(each["name"] for each in self._parameters("header"))

    @property
    def takes_json(self) -> bool:
        """Tell whether it takes a body of fields, or an empty one."""
        return bool(self._body_schema())

    @property
    def fields(self) -> tuple[Field, ...]:
        """Return every place in its body where a single value goes in."""
        return tuple(self._leaves((), self._body_schema()))

    @property
    def objects(self) -> tuple[tuple[str | int, ...], ...]:
        """Return the paths of the closed objects in its body, the outermost one included."""
        return tuple(dict.fromkeys(self._closed((), self._body_schema())))

    def answers(self, media_type: str) -> bool:
        """Tell whether it can answer with a media type."""
        return any(media_type in each.get("content", {}) for each in self.raw["responses"].values())

    def a_body(self, facts: Mapping[str, object]) -> dict[str, Any] | None:
        """Return a body with what is required, from facts where one is known."""
        if not self.takes_json:
            return None
        made: dict[str, Any] = self._made("", self._body_schema(), facts)
        return made

    def a_query(self, facts: Mapping[str, object]) -> dict[str, Any]:
        """Return the query parameters that are required."""
        return {
            each["name"]: self._made(each["name"], each["schema"], facts)
            for each in self._parameters("query")
            if each["required"]
        }

    def send(
        self,
        caller: Caller,
        ids: Mapping[str, str],
        *,
        facts: Mapping[str, object],
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, object] | None = None,
    ) -> Any:
        """Call it on the things of these ids, with what it requires unless a body is given."""
        path = self.path
        for name in self.path_parameters:
            path = path.replace(f"{{{name}}}", ids[name])
        content = self.a_body(facts) if body is None else body
        params = {**self.a_query(facts), **(query or {})}
        return caller.request(self.method, f"/{path}", content, params=params)

    # --- Reading the document ----------------------------------------------------------------

    def _parameters(self, where: str) -> Iterator[Mapping[str, Any]]:
        return (each for each in self.raw["parameters"] if each["in"] == where)

    def _body_schema(self) -> Schema:
        content = self.raw.get("requestBody", {}).get("content", {})
        schema: Schema = content.get("application/json", {}).get("schema", {})
        return self._plain(schema)

    def _plain(self, schema: Schema) -> Schema:
        """Follow references, and leave null aside."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return self._plain(self.document["components"]["schemas"][name])
        choices = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
        return self._plain(choices[0]) if choices else schema

    def _leaves(self, path: tuple[str | int, ...], schema: Schema) -> Iterator[Field]:
        schema = self._plain(schema)
        if "properties" in schema or "additionalProperties" in schema:
            for name, inner in schema.get("properties", {}).items():
                yield from self._leaves((*path, name), inner)
            if isinstance(others := schema.get("additionalProperties"), Mapping):
                yield from self._leaves((*path, "anything"), others)
        elif schema.get("type") == "array":
            yield from self._leaves((*path, 0), schema["items"])
        elif path:
            yield Field(path=path, schema=schema)

    def _closed(
        self, path: tuple[str | int, ...], schema: Schema
    ) -> Iterator[tuple[str | int, ...]]:
        schema = self._plain(schema)
        if schema.get("additionalProperties") is False:
            yield path
        for name, inner in schema.get("properties", {}).items():
            yield from self._closed((*path, name), inner)
        if schema.get("type") == "array":
            yield from self._closed((*path, 0), schema["items"])

    def _made(self, name: str, schema: Schema, facts: Mapping[str, object]) -> Any:
        schema = self._plain(schema)
        if name in facts:
            return facts[name]
        if "enum" in schema:
            return schema["enum"][0]
        match schema.get("type"):
            case "object":
                required = schema.get("required", ())
                known = schema.get("properties", {})
                return {each: self._made(each, known[each], facts) for each in required}
            case "array":
                return [self._made("", schema["items"], facts)]
            case "integer":
                return schema.get("minimum", 1)
            case "boolean":
                return True
            case _:
                return LATER if schema.get("format") == "date-time" else _text(schema)


def _text(schema: Schema) -> str:
    examples = schema.get("examples", ())
    return str(examples[0]) if examples else "x" * max(1, schema.get("minLength", 1))


def operations_of(document: Mapping[str, Any]) -> tuple[Operation, ...]:
    """Return every operation of a document; those that take things away come last."""
    found = [
        Operation(method=method.upper(), path=path, raw=raw, document=document)
        for path, operations in document["paths"].items()
        for method, raw in operations.items()
    ]
    return tuple(sorted(found, key=lambda each: _ORDER.get(each.method, 1)))


_ORDER = {"GET": 0, "DELETE": 2}
