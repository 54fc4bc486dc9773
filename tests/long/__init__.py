"""What takes longer than `make test` has, or needs more than it has: `make long`."""
