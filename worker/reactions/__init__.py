"""Sagas: processes over several commands, which take back what they did if one is refused."""

from worker.reactions.saga_declaration import SagaBatch, retry, saga, send, step, wait
from worker.reactions.state_machine import SagaState

__all__ = ["SagaBatch", "SagaState", "retry", "saga", "send", "step", "wait"]
