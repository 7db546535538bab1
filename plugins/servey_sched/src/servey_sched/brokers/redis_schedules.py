"""The table of schedules in Redis: each step is an atomic script."""

from servey_sched.brokers.redis_layout import script
from servey_sched.brokers.ticks import MOST_OPEN

_REMEMBERED = """
local function remembered(name)
  local fields = {'last', 'fired', 'missed', 'dropped', 'seen'}
  local kept = call('HMGET', key('schedule', name), unpack(fields))
  return {
    name, kept[1], kept[2] or '0', kept[3] or '0', kept[4] or '0', kept[5] or '',
    call('LRANGE', key('open', name), 0, -1),
  }
end
"""

_MOST_OPEN = f"local most_open = {MOST_OPEN}\n"

CLAIM = script(
    _MOST_OPEN
    + """
local name, token, tick, missed, overlap, since = unpack(ARGV, 1, 6)
local job = ARGV[8]
local schedule, open = key('schedule', name), key('open', name)

local kept = call('HMGET', schedule, 'last', 'token', 'outcome')
local last = kept[1]
local sent_again = last == tick and kept[2] == token
if last and tick <= last and not sent_again then return {'late', last, {}} end
if last and since ~= '' and last > since and not sent_again then return {'passed', last, {}} end

local woken = {}
local function state_of(id)
  local at = call('HMGET', key('job', id), 'state', 'queue')
  if at[1] ~= 'running' or woken[at[2]] then return at[1] end
  wake(at[2])
  woken[at[2]] = true
  return call('HGET', key('job', id), 'state')
end

local running, waiting, others, gone = {}, {}, {}, {}
for _, id in ipairs(call('LRANGE', open, 0, -1)) do
  local state = state_of(id)
  if not state or state == 'dead' then gone[#gone + 1] = id
  elseif state ~= 'running' then waiting[#waiting + 1] = id
  else
    running[#running + 1] = id
    if id ~= job then others[#others + 1] = id end
  end
end

local replaces = overlap == 'replace'
if sent_again then return {kept[3], last, kept[3] == 'fired' and replaces and others or {}} end

local free = overlap == 'allow' or #running + #waiting == 0
if not free and overlap == 'queue_one' and #waiting == 0 then return {'waits', last, {}} end
local outcome = (free or replaces) and 'fired' or 'dropped'
call('SADD', prefix .. 'schedules', name)
call('HSET', schedule, 'last', tick, 'token', token, 'outcome', outcome)
call('HINCRBY', schedule, 'missed', missed)
call('HINCRBY', schedule, outcome, 1)
for _, id in ipairs(gone) do call('LREM', open, 1, id) end
if outcome == 'dropped' then return {outcome, tick, {}} end
for _, id in ipairs(replaces and waiting or {}) do
  leave(id)
  call('DEL', key('job', id))
  call('LREM', open, 1, id)
end
call('LREM', open, 1, job)
call('RPUSH', open, job)
call('LTRIM', open, -most_open, -1)
add_all(7)
return {outcome, tick, replaces and others or {}}
"""
)
"""Arguments: schedule, token, tick, how many were missed, overlap, the last tick that the claimer
knows of or nothing, and a job as with `ENQUEUE`.

Answers what came of it, the last tick that is claimed now, and the ids of jobs that it replaces and
that run. It decides as `overlaps.on_tick` does. One that is sent again by the same token, as its
answer was lost, gets that answer and changes nothing.
"""

SEE = script(
    _REMEMBERED
    + """
call('SADD', prefix .. 'schedules', ARGV[1])
call('HSETNX', key('schedule', ARGV[1]), 'last', ARGV[2])
call('HSET', key('schedule', ARGV[1]), 'seen', ARGV[2])
return remembered(ARGV[1])
"""
)
"""Arguments: schedule, moment. Answers name, last, fired, missed, dropped, seen and open."""

SCHEDULES = script(
    _REMEMBERED
    + """
local answer = {}
for _, name in ipairs(call('SMEMBERS', prefix .. 'schedules')) do
  answer[#answer + 1] = remembered(name)
end
return answer
"""
)
"""Answers as `SEE`, for each schedule."""

FORGET = script("""
call('DEL', key('schedule', ARGV[1]), key('open', ARGV[1]))
return call('SREM', prefix .. 'schedules', ARGV[1])
""")
"""Arguments: schedule. 1 where there was one."""
