import time
from tests.read_side.shop.queries import *


def t(f, n=1500):
    for _ in range(50):
        f()
    a = time.perf_counter()
    for _ in range(n):
        f()
    return round((time.perf_counter() - a) / n * 1e6, 1)


def test_t(shop):
    p = shop.sell()
    shop.settle()
    from worker import db

    def bare():
        with db.reader() as c:
            c.execute("SELECT * FROM query.shop_items WHERE item='pen'").fetchall()

    def beg():
        with db.reader() as c:
            c.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            c.execute("SELECT * FROM query.shop_items WHERE item='pen'").fetchall()
            c.execute("COMMIT")

    def borrow():
        with db.reader() as c:
            pass

    print("borrow", t(borrow), "bare", t(bare), "begin/select/commit", t(beg))
    print("uncached", t(lambda: uncached_item.ask(item="pen")))
    print("hit", t(lambda: item.ask(item="pen")))
    print("causal hit", t(lambda: item.ask(item="pen", after=p)))
    print("list", t(lambda: items.ask()))
    import cProfile, pstats

    pr = cProfile.Profile()
    pr.enable()
    for _ in range(1000):
        uncached_item.ask(item="pen")
    pr.disable()
    pstats.Stats(pr).sort_stats("tottime").print_stats(22)
    pr = cProfile.Profile()
    pr.enable()
    for _ in range(1000):
        item.ask(item="pen")
    pr.disable()
    pstats.Stats(pr).sort_stats("tottime").print_stats(22)
