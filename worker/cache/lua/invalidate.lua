-- Takes the generation away from tags: what depends on one of them is a miss from now on.
-- KEYS: one record per tag. ARGV: the source, its position, how long to remember that in ms.
-- A record without a generation remembers how far an answer must have come to be kept again; where
-- nobody reads from a replica there is nothing to remember, and the record goes.
for _, key in ipairs(KEYS) do
    if ARGV[3] == '0' then
        redis.call('DEL', key)
    else
        redis.call('HDEL', key, 'generation')
        local field = 'from:' .. ARGV[1]
        if (tonumber(redis.call('HGET', key, field)) or -1) < tonumber(ARGV[2]) then
            redis.call('HSET', key, field, ARGV[2])
        end
        redis.call('PEXPIRE', key, ARGV[3])
    end
end
