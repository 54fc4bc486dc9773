"""Executing a changeset, and taking it back."""
