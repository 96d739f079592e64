"""What can be done: use cases, and the ports through which they reach the world."""
