-- Which sort of refusal a receipt is (worker/contracts/refusal.py): what a caller decides by, and
-- what ops count. NULL unless a rule, a right or the check of the payload refused the command.
ALTER TABLE cqrs.receipts ADD COLUMN IF NOT EXISTS kind text
    CONSTRAINT receipts_kind CHECK (
        kind IN ('validation', 'not_found', 'conflict', 'business_rule', 'not_allowed'));
COMMENT ON COLUMN cqrs.receipts.kind IS
    'Which sort of refusal: validation, not_found, conflict, business_rule or not_allowed.';
