-- Which shape of its payload the sender of a command knew; null from SQL alone.
ALTER TABLE cqrs.enqueued_commands ADD COLUMN schema text;
