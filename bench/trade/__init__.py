"""The measurements' own domain, where child processes find it."""
