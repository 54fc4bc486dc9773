"""A depot: orders that are placed, changed, shipped and cancelled, and the stock they take."""
