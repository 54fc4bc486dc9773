-- What is kept under a key, and what is known of the tags that it depends on.
-- KEYS: the answer, then one record per tag. Returns what state() does.
return state(2)
