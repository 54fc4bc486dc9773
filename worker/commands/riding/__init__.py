"""Riding: commands sent by `.delay()` share a transaction while their worker is busy.

    message ─▶ Celery's own strategy: events, ETA, expiry, revocation, rate limits
                 │ its turn
                 ├─ goes alone ─▶ Celery's own way to the pool        (see `companions`)
                 └─ waits in the main process, in order
                      │ a pool process is idle ─▶ it takes what is there, at once
                      │ none is ─▶ more gather, `batch_size` at most
                      │ revoked, expired ─▶ its receipt says so, in its turn
                      │ waited half the visibility timeout ─▶ given back to the broker
                      │ the worker ends, or its connection ─▶ forgotten here, given back there
                      ▼
    one pool process: `execute` all in one transaction ─▶ each then runs its task as always, and
                      │           finds its verdict there: chain, chord, links, retries, events,
                      │           signals; the results are stored by one call
                      ▼
    main process: each request is told its own answer, as if it had gone alone
                      ├─ not begun, its batch has had its time ─▶ waits again, in front
                      └─ the process died, or ran out of time  ─▶ each of them goes alone

What it promises:

- No message is acknowledged before its own task has answered: there is a receipt, or another
  message stands for it, as in a batch of one. There is no other way in which one is acknowledged.
- A batch of one takes Celery's own way. So an idle worker adds no latency, and what becomes of a
  killer, of a lost worker and of a time limit is decided in one place, alone with who did it.
- A killer takes nothing of its neighbours: each goes alone after that. It costs each of them one
  rerun, which finds its receipt if there is one.
- The time limits are those of one command: a batch begins none of its commands when it has run for
  longer than `LONGEST`, and has so much more time than a command alone.
- How long commands of a name take is learned as they run (see `pace`). Slow ones go alone, and so
  does a name that is new here: nobody waits for a slow command who would not have without this.

Retried, redelivered and put off commands go alone, and those that declare `batch=False`. Where the
pool has no event loop (solo, threads, gevent, eventlet) each command goes Celery's own way.

`companions` who may ride · `pace` how long they take · `waiting` the main process · `strategy`
where Celery comes in · `pool_side` the pool's process · `verdict` between it and the task.
"""
