"""Measurements: each is a module that runs by `python -m bench.<name>` and prints its figures."""
