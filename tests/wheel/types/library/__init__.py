"""A domain of an application: books that are lent."""
