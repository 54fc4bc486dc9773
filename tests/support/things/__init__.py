"""A domain as small as one can be, for tests of the engine: things that are added and bumped."""
