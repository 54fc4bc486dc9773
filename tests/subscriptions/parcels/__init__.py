"""A domain for tests of subscriptions: parcels on their way, and how they come to grief."""
