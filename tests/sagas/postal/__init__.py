"""A domain for tests of reactions and sagas: parcels that are posted, labelled and handed over.

It has no tables: commands emit events, and an event task appends a line to a file, which stands for
all that happens outside the database.
"""
