"""The domain domain_name: what it says and stores, does, shows and answers."""
