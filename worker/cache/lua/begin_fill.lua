-- Gets ready to fill: every tag has a generation from now on, and at most one caller the lock.
-- KEYS: the answer, its lock, then one record per tag.
-- ARGV: a token of the caller's own, the lock's lease in ms, a generation for tags that have none,
-- how long a record lives at least in ms.
-- Returns 1 if the lock is the caller's, or else 0; then what state() does, all of one moment.
for i = 3, #KEYS do
    redis.call('HSETNX', KEYS[i], 'generation', ARGV[3])
    if redis.call('PTTL', KEYS[i]) < tonumber(ARGV[4]) then
        redis.call('PEXPIRE', KEYS[i], ARGV[4])
    end
end
local mine = redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0
return {mine, unpack(state(3))}
