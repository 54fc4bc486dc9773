-- Stores results and tells whoever waits for them.
-- KEYS: the results' keys, which are their channels as well.
-- ARGV: how long they are kept in seconds, then one result per key.
for i, key in ipairs(KEYS) do
    redis.call('SET', key, ARGV[i + 1], 'EX', ARGV[1])
    redis.call('PUBLISH', key, ARGV[i + 1])
end
