"""`tuition openapi`."""

import json
import os
from argparse import Namespace

from adapters.clock import SystemClock
from adapters.ids import UlidIds
from adapters.memory import memory_storage
from entrypoints.cli import DONE
from entrypoints.composition import Overrides, compose
from entrypoints.settings import load_settings
from entrypoints.terminal import Terminal


def run(_: Namespace, terminal: Terminal) -> int:
    """Print the schema, as these settings would serve it; no database is needed."""
    from entrypoints.http.controllers import every_endpoint
    from entrypoints.http.figures import Figures
    from entrypoints.http.openapi import openapi

    environ = {**os.environ, "TUITION_DATABASE_URL": "memory://"}
    settings = load_settings(environ)
    storage = memory_storage(UlidIds(SystemClock()))
    with compose(settings, Overrides(storage=storage)) as installation:
        services = installation.services()
        schema = openapi(every_endpoint(services, Figures()), services.settings)
    terminal.say(json.dumps(schema, indent=2))
    return DONE
