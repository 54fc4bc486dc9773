"""Applications that take the engine in: each from its wheel, in an environment of its own."""
