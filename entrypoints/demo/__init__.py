"""The main job, played over HTTP: from an offer to a payout, and back again."""

from entrypoints.demo.story import play

__all__ = ["play"]
