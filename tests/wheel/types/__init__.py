"""What type checkers see of the engine: the domain `library`, as its owner checks it.

It is never imported here and no part of this repository's own mypy run: the test gives it to a mypy
that knows nothing of ours but the installed wheel.
"""
