-- Who keeps each read model: one subscription alone.
CREATE TABLE cqrs.read_model_owners (
    read_model   text PRIMARY KEY,
    subscription text NOT NULL,
    claimed_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cqrs.read_model_owners IS
    'The one subscription that keeps a read model, by the qualified name of its view.';
INSERT INTO cqrs.read_model_owners (read_model, subscription)
SELECT 'query.' || regexp_replace(read_table, '_v\d+$', ''), min(subscription)
  FROM cqrs.subscriptions
 WHERE read_table IS NOT NULL
 GROUP BY 1
HAVING count(DISTINCT subscription) = 1;
GRANT SELECT, INSERT, UPDATE, DELETE ON cqrs.read_model_owners TO cqrs_writer;
