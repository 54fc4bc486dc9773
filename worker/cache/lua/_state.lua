-- Shared by the scripts of the cache, and put in front of each.

-- The run of this server: another one after every restart and every failover.
local function this_run()
    return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
end

-- What is kept under KEYS[1], and what is known of the tags, whose records are KEYS[first] and on:
-- this run, milliseconds that the answer has left (-2: there is none), its run, generations,
-- positions and body; then the tags' generations now, separated by blanks, '-' for one that is
-- missing; then, as JSON, the highest position that any of them was invalidated for, by source.
local function state(first)
    local generations, invalidated = {}, {}
    for i = first, #KEYS do
        local record = redis.call('HGETALL', KEYS[i])
        local generation = '-'
        for f = 1, #record, 2 do
            local field, value = record[f], record[f + 1]
            if field == 'generation' then
                generation = value
            elseif tonumber(value) > tonumber(invalidated[field] or '-1') then
                invalidated[field] = value
            end
        end
        generations[#generations + 1] = generation
    end
    local kept = redis.call('HMGET', KEYS[1], 'run', 'generations', 'positions', 'body')
    return {
        this_run(), redis.call('PTTL', KEYS[1]), kept[1], kept[2], kept[3], kept[4],
        table.concat(generations, ' '), next(invalidated) and cjson.encode(invalidated) or '',
    }
end
