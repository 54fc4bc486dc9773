-- `email` and `name` are sealed. `email_digest` keeps the address unique; it and the password's hash are
-- not copied into the audit, and go when the user is forgotten.
CREATE TABLE command.users (
    user_id           uuid PRIMARY KEY,
    email             text NOT NULL,
    email_digest      text,
    name              text NOT NULL,
    password_hash     text,
    subscription_tier text NOT NULL,
    created_at        timestamptz NOT NULL,
    erased_at         timestamptz,
    deleted_at        timestamptz,
    deleted_by        text,
    CONSTRAINT users_email_once UNIQUE (email_digest),
    CONSTRAINT users_tier_known CHECK (subscription_tier IN ('free', 'pro', 'enterprise')),
    CONSTRAINT users_password_hashed CHECK (password_hash LIKE '$argon2id$%'),
    CONSTRAINT users_deleted_by_somebody CHECK ((deleted_at IS NULL) = (deleted_by IS NULL)),
    CONSTRAINT users_erased_without_traces CHECK (
        CASE WHEN erased_at IS NULL THEN num_nulls(email_digest, password_hash) = 0
             ELSE deleted_at IS NOT NULL AND num_nonnulls(email_digest, password_hash) = 0 END)
);
SELECT cqrs.audit('command.users', 'user_id', 'email_digest', 'password_hash');
