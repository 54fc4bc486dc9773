"""Whole processes, as people start them, and as they end: `make processes`, a step of `.ci/run`.

Programs (`cqrs up`, `status`, `new`; a host's web server; pytest itself), the pages that are
followed to the letter, processes that fork or are killed at any point, full and lost servers. Each
starts interpreters, workers or servers of its own, and `make test` has five minutes.
"""
