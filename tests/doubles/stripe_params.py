"""Check requests to Stripe against the TypedDicts that stripe-python generates for its callers.

`check("post", "/v1/payment_intents", {...})` raises `BadParams` for a parameter that the current
API does not know, a missing one, a wrong type, or a value outside an enum. With `wire=True` the
values are form strings, as they arrive at a server.
"""

import ast
import functools
import importlib
import pathlib
import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Union
from urllib.parse import parse_qsl

import stripe
import typing_extensions
from attrs import frozen
from stripe._request_options import RequestOptions
from stripe._stripe_context import StripeContext
from stripe._stripe_object import UntypedStripeObject

_UNIONS = (Union, types.UnionType)
_OPTION_KEYS = frozenset(RequestOptions.__annotations__)


class BadParams(AssertionError):
    """The request is none that the current API takes; the text names each fault."""


# --- Which operations there are -----------------------------------------------------------------


@frozen(kw_only=True)
class Operation:
    """A verb and a path of the API, with the TypedDict of its parameters."""

    verb: str
    template: str
    pattern: re.Pattern[str]
    module: str
    name: str


@functools.cache
def operations() -> tuple[Operation, ...]:
    """Read every operation from the SDK's generated services; literal paths before templates."""
    found: dict[tuple[str, str], Operation] = {}
    for file in sorted(pathlib.Path(stripe.__file__).parent.rglob("_*_service.py")):
        for operation in _operations_of(ast.parse(file.read_text())):
            found.setdefault((operation.verb, operation.template), operation)
    return tuple(sorted(found.values(), key=lambda each: each.template.count("{")))


def _operations_of(tree: ast.Module) -> Iterator[Operation]:
    modules = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stripe.params")
        for alias in node.names
    }
    for method in ast.walk(tree):
        if not isinstance(method, ast.FunctionDef):
            continue
        name = _params_name(method)
        for call in ast.walk(method):
            if name in modules and isinstance(call, ast.Call) and _is_request(call):
                verb, template = _verb_and_template(call)
                hole = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
                yield Operation(
                    verb=verb,
                    template=template,
                    pattern=re.compile(hole),
                    module=modules[name] or "",
                    name=name,
                )


def _params_name(method: ast.FunctionDef) -> str:
    hints = [arg.annotation for arg in method.args.args if arg.arg == "params" and arg.annotation]
    names = [
        node.value for hint in hints for node in ast.walk(hint) if isinstance(node, ast.Constant)
    ]
    return str(names[0]) if names else ""


def _is_request(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in (
        "_request",
        "_request_stream",
    )


def _verb_and_template(call: ast.Call) -> tuple[str, str]:
    verb, url = call.args[0], call.args[1]
    if isinstance(url, ast.Call) and isinstance(url.func, ast.Attribute):
        url = url.func.value  # "/v1/…/{id}".format(…)
    assert isinstance(verb, ast.Constant), ast.dump(verb)
    assert isinstance(url, ast.Constant), ast.dump(url)
    return str(verb.value), str(url.value)


@functools.cache
def operation_of(verb: str, path: str) -> Operation:
    """Find the operation that a request is for. Raises `BadParams` when there is none."""
    for operation in operations():
        if operation.verb == verb and operation.pattern.fullmatch(path):
            return operation
    raise BadParams(f"{verb.upper()} {path}: no such operation in stripe-python {stripe.VERSION}")


# --- What an operation takes --------------------------------------------------------------------


@functools.cache
def fields(params: type) -> Mapping[str, tuple[Any, bool]]:
    """Return the parameters of a TypedDict with their types, and whether each is required."""
    hints = typing_extensions.get_type_hints(
        params,
        localns={"StripeContext": StripeContext, "Mapping": Mapping},
        include_extras=True,
    )
    found: dict[str, tuple[Any, bool]] = {}
    for name, hint in hints.items():
        if name in _OPTION_KEYS and RequestOptions in typing_extensions.get_original_bases(params):
            continue  # The SDK lets options ride along; Stripe would refuse them as parameters.
        required = name in getattr(params, "__required_keys__", ())
        kind = hint
        origin: Any = typing.get_origin(hint)
        if origin in (typing_extensions.NotRequired, typing_extensions.Required):
            required = origin is typing_extensions.Required
            (kind,) = typing.get_args(hint)
        found[name] = (kind, required)
    return found


@frozen
class _Check:
    """One pass over a request; `wire` tells whether scalars are form strings."""

    wire: bool

    def faults(self, kind: Any, value: object, at: str) -> list[str]:
        """Name what is wrong with a value, as paths into the request."""
        origin = typing.get_origin(kind)
        if typing_extensions.is_typeddict(kind):
            return self._in_mapping(kind, value, at)
        if origin in _UNIONS:
            return self._in_union(typing.get_args(kind), value, at)
        if origin is Literal:
            choices = typing.get_args(kind)
            return [] if value in choices else [f"{at}: {value!r} not in {list(choices)[:8]}"]
        if origin is list:
            return self._in_list(typing.get_args(kind)[0], value, at)
        if origin is dict:
            return self._in_dict(typing.get_args(kind)[1], value, at)
        if UntypedStripeObject in (origin, kind):
            return [f"{at}: no StripeObject"]
        return self._in_scalar(kind, value, at)

    def _in_mapping(self, kind: type, value: object, at: str) -> list[str]:
        if not isinstance(value, Mapping):
            return [f"{at}: {type(value).__name__} is no {kind.__name__}"]
        known = fields(kind)
        return [
            *(f"{at}.{name}: unknown parameter" for name in value if name not in known),
            *(f"{at}.{name}: missing" for name in known if known[name][1] and name not in value),
            *(
                fault
                for name in value
                if name in known
                for fault in self.faults(known[name][0], value[name], f"{at}.{name}")
            ),
        ]

    def _in_union(self, kinds: Sequence[Any], value: object, at: str) -> list[str]:
        if any(any(choice != "" for choice in _choices(kind)) for kind in kinds):
            # Stripe writes an enum as `Literal[…] | str`, to leave room for values to come. We
            # write none but those it knows today. (`Literal['']`, alone, only clears a field.)
            kinds = [kind for kind in kinds if kind is not str]
        found = [self.faults(kind, value, at) for kind in kinds]
        return [] if [] in found else min(found, key=_distance)

    def _in_list(self, kind: Any, value: object, at: str) -> list[str]:
        if self.wire and isinstance(value, Mapping) and all(key.isdigit() for key in value):
            value = [value[key] for key in sorted(value, key=int)]
        if not isinstance(value, list | tuple):
            return [f"{at}: {type(value).__name__} is no list"]
        return [
            fault
            for index, item in enumerate(value)
            for fault in self.faults(kind, item, f"{at}[{index}]")
        ]

    def _in_dict(self, kind: Any, value: object, at: str) -> list[str]:
        if not isinstance(value, Mapping):
            return [f"{at}: {type(value).__name__} is no dict"]
        return [fault for name in value for fault in self.faults(kind, value[name], f"{at}.{name}")]

    def _in_scalar(self, kind: Any, value: object, at: str) -> list[str]:
        wrong = [f"{at}: {value!r} ({type(value).__name__}) is no {kind.__name__}"]
        if self.wire and isinstance(value, str) and kind is not type(None):
            return [] if _reads_as(kind, value) else wrong
        if isinstance(value, bool):
            return [] if kind is bool else wrong
        return [] if isinstance(value, (float, int) if kind is float else kind) else wrong


def _choices(kind: Any) -> tuple[Any, ...]:
    return typing.get_args(kind) if typing.get_origin(kind) is Literal else ()


def _distance(faults: Sequence[str]) -> tuple[int, int]:
    # Of the members of a union, show the one that fits furthest down.
    return -max(fault.count(".") for fault in faults), len(faults)


def _reads_as(kind: type, text: str) -> bool:
    if kind is bool:
        return text in ("true", "false")
    if kind is int:
        return re.fullmatch(r"-?[0-9]+", text) is not None
    if kind in (float, Decimal):
        try:
            Decimal(text)
        except InvalidOperation:
            return False
    return True


def check(
    verb: str, path: str, params: Mapping[str, Any] | None = None, *, wire: bool = False
) -> None:
    """Raise `BadParams` unless the current API takes this request."""
    operation = operation_of(verb.lower(), path)
    kind = getattr(importlib.import_module(operation.module), operation.name)
    at = f"{verb.upper()} {operation.template}"
    if faults := _Check(wire).faults(kind, params or {}, at):
        raise BadParams("\n".join(faults))


def decode(form: str) -> dict[str, Any]:
    """Turn `a[b][0]=x&c=y` into nested dicts of strings."""
    whole: dict[str, Any] = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        *parents, leaf = re.findall(r"[^\[\]]+", name)
        node = whole
        for parent in parents:
            node = node.setdefault(parent, {})
        if name.endswith("[]"):
            node = node.setdefault(leaf, {})
            leaf = str(len(node))
        node[leaf] = value
    return whole
