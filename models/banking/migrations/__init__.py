"""The domain's migrations: a line of versions of its own, beside the engine's."""
