"""The domain that tests of the engine share: things that are added, moved, bumped and dropped.

Sagas have one of their own (`tests.sagas.postal`), and so have two releases side by side
(`tests.schema.rollout`). What one test alone needs, it declares itself, on these events.
"""
