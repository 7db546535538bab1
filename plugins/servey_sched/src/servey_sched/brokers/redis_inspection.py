"""What is asked about jobs in Redis, and done to them from outside: each is an atomic script."""

from servey_sched.brokers.redis_layout import script

_DESCRIBE = """
local function describe(id, queue)
  local fields = {'queue', 'state', 'message', 'priority', 'starts', 'order'}
  local job = redis.pcall('HMGET', key('job', id), unpack(fields))
  if job.err then job = {} end
  local due = job[2] == 'delayed' and call('ZSCORE', key('delayed', job[1]), id)
  return {
    id, job[1] or queue, job[2] or '', job[3] or '', job[4] or '0', job[5] or '0', job[6] or '',
    due or '',
  }
end
"""

FIND = script(
    _DESCRIBE
    + """
local queue = redis.pcall('HGET', key('job', ARGV[1]), 'queue')
if type(queue) ~= 'string' then return false end
wake(queue)
return describe(ARGV[1], queue)
"""
)
"""Arguments: id. Answers its id, queue, state, message, priority, starts, order and due moment.

The last is empty where it is not delayed. The answer is none where there is no such job.
"""

JOBS = script(
    _DESCRIBE
    + """
local state, most, answer = ARGV[1], tonumber(ARGV[2]), {}
for _, queue in ipairs(ARGV[3] and {ARGV[3]} or call('SMEMBERS', prefix .. 'queues')) do
  wake(queue)
  local ids = {}
  local function gather(members, from)
    for _, member in ipairs(members) do
      if #ids < most then ids[#ids + 1] = member:sub(from) end
    end
  end
  if state == 'ready' then
    gather(call('ZRANGE', key('again', queue), 0, most - 1), 17)
    gather(call('ZRANGE', key('alone', queue), 0, most - 1), 17)
    gather(call('ZRANGE', key('ready', queue), 0, most - 1), 17)
  elseif state == 'delayed' then
    gather(call('ZRANGE', key('delayed', queue), 0, most - 1), 1)
  else
    for _, consumer in ipairs(call('ZRANGE', key('consumers', queue), 0, -1)) do
      if #ids < most then gather(call('SMEMBERS', key('held', consumer)), 1) end
    end
  end
  for _, id in ipairs(ids) do answer[#answer + 1] = describe(id, queue) end
end
return answer
"""
)
"""Arguments: state, how many a queue at most, and a queue or none for all.

Answers as `FIND`, of a queue in order.
"""

CANCEL = script("""
local queue = call('HGET', key('job', ARGV[1]), 'queue')
if queue then wake(queue) end
local state = call('HGET', key('job', ARGV[1]), 'state')
if not state or state == 'running' or state == 'dead' then return 0 end
leave(ARGV[1])
return call('DEL', key('job', ARGV[1]))
""")
"""Arguments: id. 1 where the job had not started."""

DEAD_MESSAGE = script("""
local kept = call('HMGET', key('job', ARGV[1]), 'state', 'queue', 'message')
return kept[1] == 'dead' and {kept[2], kept[3]}
""")
"""Arguments: id. Answers the queue and the message of a dead letter, else nothing."""

RETRY = script("""
local id = ARGV[1]
local job = key('job', id)
local kept = call('HMGET', job, 'state', 'queue', 'priority', 'message')
if kept[1] ~= 'dead' or kept[4] ~= ARGV[2] then return 0 end
add(kept[2], id, ARGV[3], kept[3], '', hexadecimal(take_numbers(1) + 1))
return 1
""")
"""Arguments: id, the message as it is and as it shall be. 1 where that was a dead letter."""

PURGE = script("""
local count = 0
local queues = call('SMEMBERS', prefix .. 'queues')
for _, queue in ipairs(queues) do
  local dead = key('dead', queue)
  local ids = ARGV[1] and {ARGV[1]} or call('ZRANGE', dead, 0, -1)
  for _, id in ipairs(ids) do
    if call('ZREM', dead, id) == 1 then count = count + call('DEL', key('job', id)) end
  end
end
return count
""")
"""Arguments: id, or none for all dead letters. Answers how many are gone."""

FLUSH = script("""
wake(ARGV[1])
for _, id in ipairs(call('ZRANGE', key('delayed', ARGV[1]), 0, -1)) do
  call('DEL', key('job', id))
end
call('DEL', key('delayed', ARGV[1]))
for _, kind in ipairs({'ready', 'again', 'alone'}) do
  for _, member in ipairs(call('ZRANGE', key(kind, ARGV[1]), 0, -1)) do
    call('DEL', key('job', member:sub(17)))
  end
  call('DEL', key(kind, ARGV[1]))
end
""")
"""Arguments: queue."""

DEAD = script("""
local answer = {}
local queues = ARGV[2] and {ARGV[2]} or call('SMEMBERS', prefix .. 'queues')
for _, queue in ipairs(queues) do
  local found = call('ZREVRANGE', key('dead', queue), 0, ARGV[1] - 1, 'WITHSCORES')
  for at = 1, #found, 2 do
    local job = call('HMGET', key('job', found[at]), 'message', 'error', 'starts')
    table.insert(answer, {found[at], queue, found[at + 1], job[1], job[2], job[3]})
  end
end
return answer
""")
"""Arguments: how many a queue at most, and a queue or none for all.

Answers id, queue, moment, message, traceback and starts of each, of a queue the newest first.
"""

SIZES = script("""
local answer = {}
for _, queue in ipairs(call('SMEMBERS', prefix .. 'queues')) do
  wake(queue)
  local running = 0
  for _, consumer in ipairs(call('ZRANGE', key('consumers', queue), 0, -1)) do
    running = running + call('SCARD', key('held', consumer))
  end
  local function count(kind) return call('ZCARD', key(kind, queue)) end
  local ready = count('ready') + count('again') + count('alone')
  table.insert(answer, {queue, ready, count('delayed'), running, count('dead')})
end
return answer
""")
"""Answers each queue's name, and how many are ready, delayed, running and dead."""
