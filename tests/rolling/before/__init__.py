"""The domain as it was."""
