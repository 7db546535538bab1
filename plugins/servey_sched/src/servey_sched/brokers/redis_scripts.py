"""The way of a job through Redis: each step is a script, which is atomic."""

from servey_sched.brokers.redis_layout import script

ENQUEUE = script("add_all(1)")
"""Arguments: queue, id, message, priority, delay in milliseconds or nothing; repeated."""

CLAIM = script("""
local claim = key('claim', ARGV[1])
if not call('SET', claim, ARGV[3], 'NX', 'EX', ARGV[2]) then
  return call('GET', claim) == ARGV[3] and 1 or 0
end
add_all(4)
return 1
""")
"""Arguments: claim, seconds to keep it, who claims, and a job as with `ENQUEUE`. 1: it is theirs.

A claim that was theirs before is so still: its answer was lost, and it was sent again.
"""

FETCH = script("""
local queue, consumer, count = ARGV[1], ARGV[2], tonumber(ARGV[4])
settle(6)
local time = extend(queue, consumer, ARGV[3])
local ready, again, delayed = key('ready', queue), key('again', queue), key('delayed', queue)
for _, id in ipairs(call('ZRANGEBYSCORE', delayed, '-inf', number(time), 'LIMIT', 0, 1000)) do
  call('ZREM', delayed, id)
  local priority = call('HGET', key('job', id), 'priority') or '0'
  make_ready(id, queue, priority, hexadecimal(take_numbers(1) + 1))
end
local answer, ids = {-1}, {}
local found = call('ZPOPMIN', again, math.min(count, ARGV[5]))
local took_again = #found > 0
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
if call('EXISTS', ready) == 1 or took_again and call('EXISTS', again) == 1 then ring(queue) end
for _, place in ipairs({delayed, key('consumers', queue)}) do
  local due = tonumber(call('ZRANGE', place, 0, 0, 'WITHSCORES')[2])
  if due and (answer[1] < 0 or due - time < answer[1]) then answer[1] = math.max(0, due - time) end
end
return answer
""")
"""Arguments: queue, consumer, lease in milliseconds, how many jobs at most, how many of them may be
such as were delivered before (1 or 0), and as with `SETTLE`.

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
