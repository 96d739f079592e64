"""How a mistake is planted: what is right is replaced for a while, in this process only.

A mistake is a function that is given what was there, and then what that is called with. None of
the product's code knows of it.
"""

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any
from unittest import mock

Mistake = Callable[..., Any]


def instead(owner: Any, name: str, mistake: Mistake) -> AbstractContextManager[object]:
    """Make a mistake of a method, a property, or a function that others find in its module."""
    found = inspect.getattr_static(owner, name)
    if isinstance(found, property):
        return mock.patch.object(owner, name, property(_wrong(found.fget, mistake)))
    wrong: Any = _wrong(getattr(owner, name), mistake)
    if isinstance(found, staticmethod):
        wrong = staticmethod(wrong)
    return mock.patch.object(owner, name, wrong)


@contextmanager
def everywhere(right: Callable[..., Any], mistake: Mistake) -> Iterator[None]:
    """Make a mistake of a function, in each module that has imported it by its name."""
    name, wrong = right.__name__, _wrong(right, mistake)
    importers = [each for each in sys.modules.values() if vars(each).get(name) is right]
    with ExitStack() as planted:
        for module in importers:
            planted.enter_context(mock.patch.object(module, name, wrong))
        yield


def _wrong(right: Any, mistake: Mistake) -> Callable[..., Any]:
    def wrong(*args: Any, **kwargs: Any) -> Any:
        return mistake(right, *args, **kwargs)

    return wrong


class But:
    """Something that is as another thing, but for what is named."""

    def __init__(self, other: Any, **instead: Any) -> None:
        self._other = other
        vars(self).update(instead)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._other, name)


def does_nothing(_: object, *__: object, **___: object) -> None:
    """Be the mistake of forgetting it."""
