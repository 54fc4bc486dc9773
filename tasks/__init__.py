"""What the system does."""
