"""The way of a job through Redis: each step is a script, which is atomic."""

from servey_sched.brokers.redis_layout import script

ENQUEUE = script("add_all(1)")
"""Arguments: queue, id, message, priority, delay in milliseconds or nothing; repeated."""

FETCH = script("""
local queue, consumer, count = ARGV[1], ARGV[2], tonumber(ARGV[4])
local most_again, alone_from, most_alone = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
settle(8)
local time = extend(queue, consumer, ARGV[3])
local ready, again, alone = key('ready', queue), key('again', queue), key('alone', queue)
local delayed = key('delayed', queue)
local answer, ids, found, moved = {-1}, {}, {}, {again = 0, alone = 0}
local set_apart = false

local function take(part)
  found[#found + 1], found[#found + 2] = part[1], part[2]
end

local function take_alone()
  if moved.alone >= most_alone or #found / 2 >= count then return end
  local first = call('ZPOPMIN', alone)
  if not first[1] then return end
  take(first)
  moved.alone = moved.alone + 1
end

local function starts_of(id)
  local starts = redis.pcall('HGET', key('job', id), 'starts')
  return type(starts) == 'string' and tonumber(starts) or 0
end

take_alone()
while moved.again < most_again and #found / 2 < count do
  local first = call('ZPOPMIN', again)
  if not first[1] then break end
  local id = first[1]:sub(17)
  if starts_of(id) < alone_from then
    take(first)
    moved.again = moved.again + 1
  else
    call('ZADD', alone, first[2], first[1])
    call('HSET', key('job', id), 'state', 'alone')
    set_apart = true
  end
end
take_alone()
for _, part in ipairs(call('ZPOPMIN', ready, count - #found / 2)) do found[#found + 1] = part end
local last = #found > 0 and take_numbers(#found / 2)
for at = 1, #found, 2 do
  local member = found[at]
  local order, id = member:sub(1, 16), member:sub(17)
  local job = key('job', id)
  local kept = redis.pcall('HMGET', job, 'message', 'starts')
  if kept.err then call('DEL', job) end
  if not kept[1] then
    call('HSET', job, 'queue', queue, 'priority', found[at + 1], 'order', order, 'message', '')
  end
  local starts, lease = (tonumber(kept[2] or '') or 0) + 1, last + (at + 1) / 2
  call('HSET', job, 'state', 'running', 'holder', consumer, 'lease', lease, 'starts', starts)
  ids[#ids + 1] = id
  answer[#answer + 1] = {id, lease, starts, kept[1] or ''}
end
if #ids > 0 then call('SADD', key('held', consumer), unpack(ids)) end
local left_again = moved.again > 0 and call('EXISTS', again) == 1
local left_alone = (moved.alone > 0 or set_apart) and call('EXISTS', alone) == 1
if call('EXISTS', ready) == 1 or left_again or left_alone then ring(queue) end
for _, place in ipairs({delayed, key('consumers', queue)}) do
  local due = tonumber(call('ZRANGE', place, 0, 0, 'WITHSCORES')[2])
  if due and (answer[1] < 0 or due - time < answer[1]) then answer[1] = math.max(0, due - time) end
end
return answer
""")
"""Arguments: queue, consumer, lease in milliseconds, how many jobs at most; how many of them may be
such as were delivered before, from how many times on such a job is alone, and how many of those
there may be (1 or 0); and as with `SETTLE`.

Answers in how many milliseconds to look again at the latest (-1: no matter when), and for each job
its id, lease, starts and message.
"""

SETTLE = script("settle(1)")
"""Arguments: `done`, `dead` or `back`, id, lease, traceback, message or nothing; repeated.

Nothing happens to a job that is under another lease by now, or none.
"""

HEARTBEAT = script("""
extend(ARGV[1], ARGV[2], ARGV[3])
local known = {}
for at = 4, #ARGV, 2 do known[ARGV[at]] = ARGV[at + 1] end
for _, id in ipairs(call('SMEMBERS', key('held', ARGV[2]))) do
  if call('HGET', key('job', id), 'lease') ~= known[id] then
    give_back(id, ARGV[2], true)
  end
end
""")
"""Arguments: queue, consumer, lease in milliseconds; the ids and leases that the consumer knows of.

What it holds without knowing was lost on its way, with a connection: that is given back.
"""

LEAVE = script("""
settle(3)
give_all_back(ARGV[1], ARGV[2], true)
""")
"""Arguments: queue, consumer, and as with `SETTLE`."""
