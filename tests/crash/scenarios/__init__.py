"""What people and the worker do, one scenario a use case, told in steps that can be done again.

Each function arranges a scene on a stage whose process does not die yet, and returns its steps and
what they come to at the gateway. Steps look everything up when they run, because the process that
takes the next one may be another.
"""

import inspect
from collections.abc import Callable, Mapping

from tests.crash.scenarios import (
    cards,
    earning,
    gigs,
    giving_back,
    lessons,
    paying,
    people,
    upkeep,
    webhooks,
)
from tests.crash.stage import Scene, Stage

Arrange = Callable[[Stage], Scene]

_MODULES = (people, gigs, lessons, paying, giving_back, earning, cards, webhooks, upkeep)

SCENARIOS: Mapping[str, Arrange] = {
    name: value
    for module in _MODULES
    for name, value in vars(module).items()
    if inspect.isfunction(value)
    and value.__module__ == module.__name__
    and not name.startswith("_")
}
"""Every scenario, by its name: each function of these modules that has no underscore."""
