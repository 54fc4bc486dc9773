-- The command that ended a deployment: delivered again, it ends no other.
ALTER TABLE cqrs.deployments ADD COLUMN ended_by_command uuid;
COMMENT ON COLUMN cqrs.deployments.ended_by_command IS
    'The command that ended it; null if that was none.';
