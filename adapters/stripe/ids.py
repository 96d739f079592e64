"""Ids that become part of a path."""

import re

from application.ports.gateway import GatewayRefused


def in_path(id: str) -> str:
    """Return an id that is fit for a path.

    Raises `GatewayRefused`, as for an unknown one: HTTP clients resolve dots in paths, and an empty
    id would turn the reading of one thing into the listing of all.
    """
    if re.fullmatch(r"[A-Za-z0-9_]+", id) is None:
        raise GatewayRefused("No such object.", code="resource_missing", param="id")
    return id
