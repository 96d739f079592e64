"""The ports: what the use cases need from the world, one family of Protocols a module."""
