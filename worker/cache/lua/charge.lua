-- Takes tokens out of a bucket that fills by itself, as far as there are enough of them.
-- KEYS: the bucket. ARGV: tokens that it holds when full, tokens that it gains a second, tokens
-- wanted.
-- Returns 0 if they were taken, or else in how many milliseconds there are enough.
local burst, per_second, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = burst
if bucket[1] then
    local gained = math.max(0, now - bucket[2]) * per_second / 1000
    tokens = math.min(burst, bucket[1] + gained)
end
local wait = 0
if tokens >= wanted then
    tokens = tokens - wanted
else
    wait = math.ceil((wanted - tokens) * 1000 / per_second)
end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%d', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst * 1000 / per_second) + 1000)
return wait
