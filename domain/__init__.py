"""What is true: values, aggregates and rules. Imports only the standard library and attrs."""
