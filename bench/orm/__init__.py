"""Our read side beside an honest SQLAlchemy ORM on the same orders: `python -m bench.orm`.

trade.py        a year of orders, decided by the domain's own handlers
loading.py      into the write tables and the log; the engine makes the read side of it
entities.py     the write tables as declarative classes with relationships
answers.py      the four answers by ORM, lazily and eagerly
aggregates.py   the same by hand-written SQL over the write tables, for context
questions.py    the questions, the bars, and all ways to answer
comparison.py   equal answers first, then times
"""
