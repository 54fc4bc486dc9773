'''Planted bugs that the tests must catch: `make mutants`, `python -m tests.mutants --help`.

    plants/*.toml ─▶ fits its file? ─▶ planted in a copy of the tree ─▶ its few tests run there
                                                                        │
                         killed: a test fails ◀─────────────────────────┤
                         survived: a promise without a test ◀───────────┘

A plant says which promise it breaks and which tests should notice. The tree itself is never
touched. A plant of a constraint or a function of the database works too: the copy's own SQL files
make the template database of its run.

    [[plant]]
    name = "settle-overwrites-a-receipt"          unique
    file = "worker/store/sql/settle.sql"
    find = """text that stands there once"""
    replace = """the bug"""
    tests = ["tests/test_once.py::test_…"]        few and fast: what should fail
    promise = "A receipt is written once"         what is broken
    equivalent = "why no test can tell"           optional: listed, not counted
'''
