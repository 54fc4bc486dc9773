"""Two releases of one domain: parcels, `before` and `after` they got a colour.

Never loaded into the tests' own process: each worker, the reader and the command line get one.
"""
