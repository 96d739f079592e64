"""The environment, read once into one frozen value and checked at start.

The names and defaults are those of the operations guide. A `.env` file in the working directory
serves where the real environment says nothing; a variable that is empty counts as unset.
"""

from entrypoints.settings.reading import load_settings
from entrypoints.settings.values import (
    Breakage,
    Environment,
    GatewayKind,
    LogFormat,
    LogLevel,
    Settings,
    SettingsError,
)

__all__ = [
    "Breakage",
    "Environment",
    "GatewayKind",
    "LogFormat",
    "LogLevel",
    "Settings",
    "SettingsError",
    "load_settings",
]
