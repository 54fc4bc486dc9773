"""Tests of the read side: queries, the causal cache, consistency, filters, limits, audit, rules."""
