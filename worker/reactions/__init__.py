"""Reactions and sagas (process managers): what follows from events, compensation included."""

from worker.reactions.saga_declaration import SagaBatch, retry, saga, send, step, wait
from worker.reactions.state_machine import SagaState

__all__ = ["SagaBatch", "SagaState", "retry", "saga", "send", "step", "wait"]
