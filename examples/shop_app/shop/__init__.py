"""The domain shop: what it says and stores, does, shows and answers."""
