"""The engine as others have it: its wheel in an environment of its own, new domains, types."""
