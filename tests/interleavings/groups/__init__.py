"""Every group. A new action in a group brings its meetings."""

from tests.interleavings.groups import earning, giving_back, keys, lessons, paying, people

GROUPS = tuple(
    group
    for module in (lessons, paying, giving_back, earning, people, keys)
    for group in module.GROUPS
)
