"""Repositories of a unit of work."""
