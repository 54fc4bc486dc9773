"""The domain that the shop runs on the engine: orders are placed and listed."""
