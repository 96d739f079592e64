"""What may meet: what people ask for, what the gateway tells and does, and the worker's duties."""
