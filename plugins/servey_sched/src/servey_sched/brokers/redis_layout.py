"""How the broker's jobs lie in Redis, and what its scripts do with them.

Every key begins with the broker's prefix, `servey:jobs:`; behind it

| key | type | holds |
|---|---|---|
| `queues` | set | the names of the queues |
| `sequence` | integer | the last order or lease that was given out |
| `job:<id>` | hash | `queue`, `message`, `priority`, `order`, `state`, `starts` and what it needs |
| `ready:<queue>` | sorted set | order and id, by priority |
| `again:<queue>` | sorted set | the same, of jobs that were with a consumer when it died |
| `alone:<queue>` | sorted set | the same, of those that were found to have died often there |
| `delayed:<queue>` | sorted set | id, by the moment it is due |
| `dead:<queue>` | sorted set | id, by the microsecond it died |
| `consumers:<queue>` | sorted set | consumers, by the moment their lease ends |
| `held:<consumer>` | set | the ids that a consumer holds |
| `bell:<queue>` | list | one element while idle consumers should look |
| `schedules` | set | the names of the schedules |
| `schedule:<name>` | hash | `last`, `seen`, `fired`, `missed`, `dropped`, `token`, `outcome` |
| `open:<name>` | list | the ids of the schedule's jobs, those that are done since among them |

A job's `state` names the place where its id is: `ready`, `again`, `alone`, `delayed`, `running`
(then it has a `holder` and a `lease`) or `dead` (then it has an `error`). `order` keeps the jobs
of one priority in the order in which they came, also after they were given back. `lease` is
another number with each delivery, so that whoever was thought dead and answers late changes
nothing. All moments are Redis' own clock, in milliseconds since 1970; but `last` and `seen` are
ticks, as `tick_name` writes them. `token` and `outcome` say who claimed the last tick, and what
came of it.
"""

from dataclasses import dataclass
from hashlib import sha1


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script, and the name that Redis keeps it by."""

    text: str
    digest: str


_COMMON = """
local prefix, call = KEYS[1], redis.call
local function key(kind, name) return prefix .. kind .. ':' .. name end
local function number(value) return string.format('%.0f', value) end
local function take_numbers(count) return call('INCRBY', prefix .. 'sequence', count) - count end
local function microseconds()
  local time = call('TIME')
  return time[1] * 1000000 + time[2]
end
local function clock() return math.floor(microseconds() / 1000) end

local rung = {}
local function ring(queue)
  if rung[queue] then return end
  rung[queue] = true
  local bell = key('bell', queue)
  if call('LLEN', bell) == 0 then call('RPUSH', bell, '') end
end

local function hexadecimal(order) return string.format('%016x', order) end

local function make_ready(id, queue, priority, order, starts)
  local state = (tonumber(starts or '') or 0) > 0 and 'again' or 'ready'
  call('ZADD', key(state, queue), priority, order .. id)
  call('HSET', key('job', id), 'state', state, 'order', order)
  ring(queue)
end

local function leave(id)
  local job = call('HMGET', key('job', id), 'state', 'queue', 'order', 'holder')
  local state, queue = job[1], job[2]
  if state == 'running' then call('SREM', key('held', job[4]), id)
  elseif state == 'ready' or state == 'again' or state == 'alone' then
    call('ZREM', key(state, queue), job[3] .. id)
  elseif state then call('ZREM', key(state, queue), id) end
end

local function add(queue, id, message, priority, delay, order)
  local job = key('job', id)
  if call('EXISTS', job) == 1 then
    leave(id)
    call('DEL', job)
  end
  local state = delay == '' and 'ready' or 'delayed'
  call('HSET', job, 'queue', queue, 'message', message, 'priority', priority, 'order', order,
    'state', state)
  if state == 'ready' then
    call('ZADD', key('ready', queue), priority, order .. id)
    return ring(queue)
  end
  local delayed = key('delayed', queue)
  call('ZADD', delayed, number(clock() + delay), id)
  if call('ZRANGE', delayed, 0, 0)[1] == id then ring(queue) end
end

local function add_all(first)
  local last = take_numbers((#ARGV - first + 1) / 5)
  local known = {}
  for at = first, #ARGV, 5 do
    last = last + 1
    local queue, id, message, priority, delay = unpack(ARGV, at, at + 4)
    if not known[queue] then call('SADD', prefix .. 'queues', queue) end
    known[queue] = true
    add(queue, id, message, priority, delay, hexadecimal(last))
  end
end

local function give_back(id, consumer, unstarted)
  local job = key('job', id)
  local kept = call('HMGET', job, 'queue', 'priority', 'order', 'holder', 'starts')
  call('SREM', key('held', consumer), id)
  if kept[4] ~= consumer then return end
  call('HDEL', job, 'holder', 'lease')
  local starts = unstarted and call('HINCRBY', job, 'starts', -1) or kept[5]
  make_ready(id, kept[1], kept[2], kept[3], starts)
end

local function give_all_back(queue, consumer, unstarted)
  for _, id in ipairs(call('SMEMBERS', key('held', consumer))) do
    give_back(id, consumer, unstarted)
  end
  call('ZREM', key('consumers', queue), consumer)
end

local function settle(first)
  for at = first, #ARGV, 5 do
    local what, id, lease, reason, message = unpack(ARGV, at, at + 4)
    local job = key('job', id)
    local kept = call('HMGET', job, 'lease', 'queue', 'holder', 'starts')
    if kept[1] == lease then
      if kept[4] ~= '1' and call('EXISTS', key('again', kept[2]), key('alone', kept[2])) > 0 then
        ring(kept[2])
      end
      if what == 'done' then
        call('SREM', key('held', kept[3]), id)
        call('DEL', job)
      elseif what == 'dead' then
        call('SREM', key('held', kept[3]), id)
        call('HDEL', job, 'holder', 'lease')
        call('HSET', job, 'state', 'dead', 'error', reason)
        if message ~= '' then call('HSET', job, 'message', message) end
        call('ZADD', key('dead', kept[2]), number(microseconds() + at), id)
      else
        give_back(id, kept[3], true)
      end
    end
  end
end

local function wake(queue)
  local time, delayed = clock(), key('delayed', queue)
  for _, gone in ipairs(call('ZRANGEBYSCORE', key('consumers', queue), '-inf', number(time))) do
    give_all_back(queue, gone, false)
  end
  for _, id in ipairs(call('ZRANGEBYSCORE', delayed, '-inf', number(time), 'LIMIT', 0, 1000)) do
    call('ZREM', delayed, id)
    local priority = call('HGET', key('job', id), 'priority') or '0'
    make_ready(id, queue, priority, hexadecimal(take_numbers(1) + 1))
  end
  return time
end

local function extend(queue, consumer, lease)
  call('ZADD', key('consumers', queue), number(clock() + lease), consumer)
  return wake(queue)
end
"""


def script(text: str) -> Script:
    """A script that may use the functions above."""
    whole = _COMMON + text
    return Script(whole, sha1(whole.encode(), usedforsecurity=False).hexdigest())
