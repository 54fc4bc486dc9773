"""A domain for tests of subscriptions: parcels on their way, and every way in which one goes wrong."""
