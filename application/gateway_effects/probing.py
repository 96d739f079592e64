"""How far a probe looks."""

from datetime import timedelta

PROBE_BACK = timedelta(days=3)
"""How far before an operation a probe looks, for clocks that differ and for second attempts."""
