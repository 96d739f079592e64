"""What goes in and out over HTTP: msgspec structs, a module per area."""
