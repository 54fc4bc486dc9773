"""Sagas: processes over several commands, which take back what they did if one is refused."""

from worker.saga.course import SagaState
from worker.saga.declaration import SagaBatch, retry, saga, send, step, wait

__all__ = ["SagaBatch", "SagaState", "retry", "saga", "send", "step", "wait"]
