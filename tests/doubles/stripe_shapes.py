"""Objects in the shape that Stripe's current API gives them, from the SDK's resource classes.

`make("refund", id="re_1", …)` fills in what is left out and raises `WrongShape` for a member that
the class does not know, a missing one, or one of another type. No recorded answers are needed, so
no old shape can slip in with them.
"""

import ast
import functools
import importlib
import inspect
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal, Union

import typing_extensions
from stripe._list_object import ListObject
from stripe._object_classes import OBJECT_CLASSES
from stripe._stripe_object import StripeObject, UntypedStripeObject

Json = dict[str, Any]

_UNIONS = (Union, types.UnionType)
_ERRORS = ("LastPaymentError", "LastSetupError")
_OPEN = (UntypedStripeObject, StripeObject, typing.Any)


class WrongShape(AssertionError):
    """An object is not what the current API would send; the text names each fault."""


# --- What a class declares ----------------------------------------------------------------------


def class_of(kind: str) -> type[StripeObject]:
    """Return the resource class of an `object` value."""
    module, name = OBJECT_CLASSES[kind]
    found: type[StripeObject] = getattr(importlib.import_module(module), name)
    return found


@functools.cache
def _every_class() -> Mapping[str, type]:
    found: dict[str, type] = {"StripeObject": StripeObject, "ListObject": ListObject}
    for module, name in OBJECT_CLASSES.values():
        cls = getattr(importlib.import_module(module), name)
        found.setdefault(name, cls)
    return found


@functools.cache
def _names_in(module: str) -> Mapping[str, Any]:
    """Return what a generated module refers to, its imports for type checkers included."""
    names: dict[str, Any] = {**_every_class(), **vars(sys.modules[module])}
    for node in ast.walk(ast.parse(inspect.getsource(sys.modules[module]))):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("stripe"):
            continue
        source = importlib.import_module(node.module or "")
        for alias in node.names:
            if hasattr(source, alias.name):
                names[alias.asname or alias.name] = getattr(source, alias.name)
    return names


@functools.cache
def members(cls: Any) -> Mapping[str, Any]:
    """Return the members that a resource class declares, with their types resolved."""
    names = dict(_names_in(cls.__module__))
    scope: Any = sys.modules[cls.__module__]
    for part in cls.__qualname__.split("."):
        scope = getattr(scope, part)
        names.update(
            {name: inner for name, inner in vars(scope).items() if isinstance(inner, type)}
        )
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base.__module__ == cls.__module__:
            found.update(_declared(base, names))
    return found


def members_of(kind: str) -> Mapping[str, Any]:
    """Return the members that an object of a kind has."""
    cls: Any = class_of(kind)
    return members(cls)


def _declared(cls: type, names: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    written = {
        name: hint
        for name, hint in inspect.get_annotations(cls).items()
        if not name.startswith("_") and not name.isupper()
    }
    stand_in = type("StandIn", (), {"__annotations__": written})
    hints = typing_extensions.get_type_hints(stand_in, globalns=dict(names), include_extras=True)
    for name, hint in hints.items():
        origin: Any = typing.get_origin(hint)
        if origin is not typing.ClassVar:
            yield name, hint


def _may_be_none(kind: Any) -> bool:
    return typing.get_origin(kind) in _UNIONS and type(None) in typing.get_args(kind)


def _is_left_out(cls: type, name: str, kind: Any) -> bool:
    """Tell what Stripe leaves out rather than sending null.

    Lists unless expanded, `deleted`, the kinds of payment method that one is not, and what an error
    inside another object does not tell.
    """
    if not _may_be_none(kind):
        return False
    parts = [part for part in typing.get_args(kind) if part is not type(None)]
    if name == "deleted" or any(typing.get_origin(part) is ListObject for part in parts):
        return True
    kinds = cls.__name__ in ("PaymentMethod", "PaymentMethodDetails")
    return (kinds and all(_is_object(part) for part in parts)) or cls.__name__ in _ERRORS


def _is_object(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, StripeObject)


# --- Making -------------------------------------------------------------------------------------


def make(kind: str, **given: Any) -> Json:
    """Make an object of a kind. Raises `WrongShape` when what is given does not fit."""
    made = _merged(_blank(class_of(kind)), {"object": kind, **given})
    must_fit(made)
    return made


def _blank(kind: Any) -> Any:
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if _may_be_none(kind):
        return None
    if origin in _UNIONS or origin is Literal:
        # The first of a union is the id of something expandable, or the first value of an enum.
        return _blank(parts[0]) if origin in _UNIONS else parts[0]
    if origin is list:
        return []
    if origin is ListObject:
        return {"object": "list", "data": [], "has_more": False, "url": "/v1/…"}
    if _is_object(origin or kind) and UntypedStripeObject not in (origin, kind):
        return {
            name: _blank(hint)
            for name, hint in members(kind).items()
            if not _is_left_out(kind, name, hint)
        }
    plain = {str: "", int: 0, bool: False, float: 0.0, Decimal: "0"}
    return plain.get(kind, {})


def _merged(base: Json, over: Mapping[str, Any]) -> Json:
    for name, value in over.items():
        inner = base.get(name)
        both = isinstance(value, Mapping) and isinstance(inner, dict)
        base[name] = _merged(typing.cast("Json", inner), value) if both else value
    return base


# --- Checking -----------------------------------------------------------------------------------


def must_fit(thing: Json) -> None:
    """Raise `WrongShape` unless the object is one of the current API."""
    cls = class_of(thing["object"])
    if faults := _faults(cls, thing, cls.__name__):
        raise WrongShape("\n".join(faults))


def _faults(kind: Any, value: Any, at: str) -> list[str]:
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in _UNIONS:
        return _in_union(parts, value, at)
    if origin is Literal:
        return [] if value in parts else [f"{at}: {value!r} not in {list(parts)[:8]}"]
    if origin is list or origin is ListObject:
        return _in_list(parts[0], value["data"] if origin is ListObject else value, at)
    if origin is dict:
        return [] if isinstance(value, dict) else [f"{at}: no dict"]
    if kind in _OPEN or origin is UntypedStripeObject:
        return []
    return _in_object(kind, value, at) if _is_object(kind) else _in_scalar(kind, value, at)


def _in_union(kinds: tuple[Any, ...], value: Any, at: str) -> list[str]:
    if value is None:
        return [] if type(None) in kinds else [f"{at}: null"]
    found = [
        _faults(kind, value, at)
        for kind in kinds
        if kind is not type(None) and not _is_another(kind, value)
    ]
    return min(found, key=len, default=[f"{at}: {type(value).__name__} fits none"])


def _is_another(kind: Any, value: Any) -> bool:
    name = getattr(kind, "OBJECT_NAME", None)
    return isinstance(value, dict) and name is not None and value.get("object") != name


def _in_list(kind: Any, value: Any, at: str) -> list[str]:
    if not isinstance(value, list):
        return [f"{at}: {type(value).__name__} is no list"]
    return [
        fault for index, item in enumerate(value) for fault in _faults(kind, item, f"{at}[{index}]")
    ]


def _in_object(kind: type, value: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at}: {type(value).__name__} is no {kind.__name__}"]
    known = members(kind)
    if value.get("deleted") is True:
        return []  # Of a deleted thing only the id is left.
    return [
        *(
            f"{at}.{name}: missing"
            for name, hint in known.items()
            if name not in value and not _may_be_none(hint)
        ),
        *(f"{at}.{name}: unknown" for name in value if name not in known),
        *(
            fault
            for name in value
            if name in known
            for fault in _faults(known[name], value[name], f"{at}.{name}")
        ),
    ]


def _in_scalar(kind: Any, value: Any, at: str) -> list[str]:
    wrong = [f"{at}: {value!r} is no {getattr(kind, '__name__', kind)}"]
    if kind is Decimal:
        return [] if isinstance(value, str) else wrong
    if isinstance(value, bool):
        return [] if kind is bool else wrong
    return [] if isinstance(value, (float, int) if kind is float else kind) else wrong
