"""Intake: every message is looked at before it reaches the pool, so that no bytes stop a worker.

    bytes ─▶ Redis channel ─▶ consumer ─┬─▶ a task known here, in good order    the pool runs it
                  │               │     └─▶ a command unknown here              `cqrs.hand_over`
                  └───────────────┴───────▶ anything else                       `cqrs.set_aside`

Celery and kombu read messages in the worker's main process and trust them. What raises there ends
the process; the message comes back to the next one, and ends that. So whatever is wrong with a
message, its place is taken, in memory, by a small message of our own that says what was wrong. It
has the delivery tag of the one it stands for: that one is acknowledged when the pool has written
down what became of it, and comes back if the worker dies before.

- `checks`: what is looked at, as pure functions: size, depth, shape.
- `channel`: kombu's Redis channel, in front of which nothing else reads the bytes. What a foreign
  client left out (where it goes, a tag) is filled in.
- `consumer`: Celery's consumer; on every transport.
- `substitute`: the message that takes the place of a bad one.

What a task asks of its own messages, `EngineTask.faults` says (a command: its header, its links).
Depth is checked because pickling, and the JSON libraries on the way, recurse: they end at about 250
to 1,000 levels, and pickling in the main process takes it down.
"""
