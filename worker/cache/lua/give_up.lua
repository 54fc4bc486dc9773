-- Lets go of a lock without having filled, if it is still the caller's.
-- KEYS: the lock. ARGV: its token.
if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('DEL', KEYS[1])
end
