"""How subscriptions advance, what they step over, and the projections that they keep."""
