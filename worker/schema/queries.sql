-- name: live_tables
-- The table behind each read model's view, and the version of the projection it was made for.
SELECT DISTINCT s.subscription, s.read_table, s.shape FROM cqrs.subscriptions AS s
 WHERE s.read_table IS NOT NULL
