"""A depot: orders that are placed, changed, shipped and cancelled, and the stock they take."""

import os

if "DEPOT_TALKS" in os.environ:
    print("a domain that talks while it is loaded")
