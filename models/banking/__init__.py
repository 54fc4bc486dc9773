"""The banking domain as it is stored: accounts and transfers, event-sourced.

There is no write table: an account is what its stream `account-<id>` says, folded by
`write.evolve_account`. Money that a transfer has taken off an account and not yet brought to
another is `in_transit` on the first, so that at every moment it belongs to somebody.
"""
