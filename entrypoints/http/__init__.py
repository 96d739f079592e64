"""The HTTP API: requests in, commands to the bus, answers out."""
