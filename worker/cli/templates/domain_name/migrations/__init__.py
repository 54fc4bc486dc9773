"""The domain's own line of versions; `cqrs migrate` runs it after the engine's."""
