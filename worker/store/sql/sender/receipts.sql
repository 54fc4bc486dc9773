-- What SQL alone enqueues has no fingerprint until it is settled: the worker takes it, by the one
-- function that Python has for it, from the payload.
ALTER TABLE cqrs.receipts ALTER COLUMN payload_hash DROP NOT NULL;
COMMENT ON COLUMN cqrs.receipts.payload_hash IS
    'The fingerprint of the payload; null while a command waits that SQL, or a sender, enqueued.';
