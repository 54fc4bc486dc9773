-- Raises a signal; 1 if its message is to be sent.
-- KEYS: the signal; how many messages were sent since it was last lowered; that many wait.
-- ARGV: how long the signal lasts in ms; how many may wait; how far apart those come that are sent
--       all the same, in ms; 1 if the message is sent although the signal is up.
local fresh = redis.call('SET', KEYS[1], 1, 'NX', 'PX', ARGV[1])
if not fresh and ARGV[4] == '0' then
    return 0
end
local sent = tonumber(redis.call('GET', KEYS[2]) or '0')
if sent >= tonumber(ARGV[2]) and not redis.call('SET', KEYS[3], 1, 'NX', 'PX', ARGV[3]) then
    return 0
end
redis.call('INCR', KEYS[2])
return 1
