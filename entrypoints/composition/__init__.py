"""Put everything together: settings, adapters, handlers, worker. The only importer of punq.

    >>> with compose(load_settings()) as installation:
    ...     installation.bus.handle(command, actor)

Whatever is missing fails here, by its name, and not in some request later.
"""

from entrypoints.composition.installation import Installation, compose
from entrypoints.composition.pieces import Overrides, Pieces

__all__ = ["Installation", "Overrides", "Pieces", "compose"]
