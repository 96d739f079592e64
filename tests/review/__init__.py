"""What a reviewer broke, and how it stays whole."""
