"""The domain with a new command, and a new field in an old one."""
