"""`python -m worker.cli` is `cqrs`."""

from worker.cli import main

main()
