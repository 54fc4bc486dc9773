-- Keeps an answer, if nothing that it depends on was invalidated since begin_fill.lua.
-- KEYS: the answer, its lock, then one record per tag.
-- ARGV: the lock's token, the lifetime in ms, then the fields: run, generations (separated by
-- blanks), positions, as_of, body.
-- Returns what was done: stored, restarted, invalidated, newer.
if ARGV[1] ~= '' and redis.call('GET', KEYS[2]) == ARGV[1] then
    redis.call('DEL', KEYS[2])
end
if ARGV[3] ~= this_run() then
    return 'restarted'
end
local generations = {}
for i = 3, #KEYS do
    generations[#generations + 1] = redis.call('HGET', KEYS[i], 'generation') or ''
end
if ARGV[4] ~= table.concat(generations, ' ') then
    return 'invalidated'
end
local kept = redis.call('HMGET', KEYS[1], 'run', 'generations', 'as_of')
if kept[1] == ARGV[3] and kept[2] == ARGV[4]
        and (tonumber(kept[3]) or -1) > (tonumber(ARGV[6]) or -1) then
    return 'newer'
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'run', ARGV[3], 'generations', ARGV[4], 'positions', ARGV[5],
    'as_of', ARGV[6], 'body', ARGV[7])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'stored'
