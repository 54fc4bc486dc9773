"""A web shop, as it was before the engine came; what it does with it is in `main`."""
