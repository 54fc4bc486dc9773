"""A shop as small as one can be, for tests of the read side: what is sold, and to whom."""
