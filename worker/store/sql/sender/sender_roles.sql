-- The roles that commands of a database user carry which is a sender and no writer. Nobody but the
-- owner may write here: no sender gives himself a role. `system` is the engine's own.
CREATE TABLE cqrs.sender_roles (
    sender text NOT NULL CHECK (sender <> ''),
    role   text NOT NULL CHECK (role NOT IN ('', 'system')),
    PRIMARY KEY (sender, role)
);
COMMENT ON TABLE cqrs.sender_roles IS
    'Which roles the commands of a database user carry that may send in no name but its own.';
