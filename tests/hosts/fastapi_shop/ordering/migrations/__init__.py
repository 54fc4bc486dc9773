"""Versions of the domain's tables."""
