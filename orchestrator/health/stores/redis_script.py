"""Script of the shared board: what a Redis server does in one step with what a process changed.

It knows nothing of what a mark means: the steps in Python decide that, on a copy. Here their
changes are stored, if nobody has changed the same records since that copy; and whatever has
changed since is told in the same round trip. All keys bear one hash tag, so that they share a slot.
"""

from __future__ import annotations

import hashlib

TAG = "{orchestrator:v1}"

RECORDS = f"{TAG}:records"
"""Hash: a record as JSON by its key, as in the health file."""

CHANGES = f"{TAG}:changes"
"""Sorted set: the version at which each record was last written."""

GONE = f"{TAG}:gone"
"""Sorted set: the version at which each record was removed, of the latest :data:`GONE_KEPT`."""

META = f"{TAG}:meta"
"""Hash: ``id`` of this board, ``version``, and ``floor``, the last version whose removals are no
longer known: who knows less reads all."""

KEYS = (RECORDS, CHANGES, GONE, META)

CHANNEL = f"{TAG}:changed"
"""With the number of the database: told the id and the version after each change."""

GONE_KEPT = 1000

TOLERATED = 0.1
"""Seconds by which the instant of a step may differ from the server's time: on the way and in the
queue it grows older, by 20 ms at most."""

COMMANDS = (
    *("eval", "evalsha", "time", "hget", "hmget", "hgetall", "hset", "hdel"),
    *("zadd", "zrem", "zrange", "zrangebyscore", "zcard", "zremrangebyrank"),
    *("publish", "subscribe", "ping", "select"),
)
"""All that a user of the server needs to be allowed."""

SOURCE = """
local records, changes, gone, meta = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local since, known, proposed = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local earliest, latest, tolerated = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local channel, kept = ARGV[7], tonumber(ARGV[8])
local FIRST = 9

local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000

if since < 0 then
  -- Who comes anew tries all that it will need, so that what is not allowed is found now.
  redis.call('HSET', records, '', '')
  redis.call('HMGET', records, '')
  redis.call('HDEL', records, '')
  for _, name in ipairs({changes, gone}) do
    redis.call('ZADD', name, 1, '')
    redis.call('ZRANGEBYSCORE', name, '(1', '+inf')
    redis.call('ZREM', name, '')
  end
  redis.call('ZCARD', gone)
  redis.call('ZRANGE', gone, 0, 0, 'WITHSCORES')
  redis.call('ZREMRANGEBYRANK', gone, 0, -1 - 1000000)
end

local id = redis.call('HGET', meta, 'id')
if not id then
  id = proposed
  redis.call('HSET', meta, 'id', id)
end
local version = tonumber(redis.call('HGET', meta, 'version') or '0')
local floor = tonumber(redis.call('HGET', meta, 'floor') or '0')
local whole = since < floor or since > version or known ~= id

-- What others have changed since: key, value, key, value; '' where it is gone.
local told, is_changed = {}, {}
if whole then
  told = redis.call('HGETALL', records)
else
  local names = redis.call('ZRANGEBYSCORE', changes, '(' .. since, '+inf')
  for first = 1, #names, 1000 do
    local some = {unpack(names, first, math.min(first + 999, #names))}
    for at, value in ipairs(redis.call('HMGET', records, unpack(some))) do
      told[#told + 1] = some[at]
      told[#told + 1] = value or ''
      is_changed[some[at]] = true
    end
  end
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', gone, '(' .. since, '+inf')) do
    told[#told + 1] = name
    told[#told + 1] = ''
    is_changed[name] = true
  end
end

local function spent_in(value)
  return value and tonumber(string.match(value, '"spent":(%d+)')) or 0
end

-- Four arguments for each change: 'put', key, value, ''; 'del', key, '', '';
-- 'add:DELTA:MOST', key, and the value around what is spent.
local verdict = 'done'
local sums = {}
if #ARGV >= FIRST then
  if whole then
    verdict = 'changed'
  elseif earliest and (now - earliest > tolerated or latest - now > tolerated) then
    verdict = 'mistimed'
  end
  for at = FIRST, #ARGV, 4 do
    local kind, key = ARGV[at], ARGV[at + 1]
    local delta, most = string.match(kind, '^add:(-?%d+):(%d+)$')
    if delta then
      local sum = spent_in(redis.call('HGET', records, key)) + tonumber(delta)
      if tonumber(delta) > 0 and sum > tonumber(most) then verdict = 'changed' end
      sums[key] = math.max(0, sum)
    elseif is_changed[key] then
      verdict = 'changed'
    end
  end
end

local added = {}
if verdict == 'done' and #ARGV >= FIRST then
  version = version + 1
  redis.call('HSET', meta, 'version', version)
  for at = FIRST, #ARGV, 4 do
    local kind, key, value = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    if sums[key] then
      added[#added + 1] = key
      added[#added + 1] = sums[key]
      kind = sums[key] > 0 and 'put' or 'del'
      value = value .. sums[key] .. ARGV[at + 3]
    end
    if kind == 'put' then
      redis.call('HSET', records, key, value)
      redis.call('ZADD', changes, version, key)
      redis.call('ZREM', gone, key)
    else
      redis.call('HDEL', records, key)
      redis.call('ZREM', changes, key)
      redis.call('ZADD', gone, version, key)
    end
  end
  local excess = redis.call('ZCARD', gone) - kept
  if excess > 0 then
    local last = redis.call('ZRANGE', gone, excess - 1, excess - 1, 'WITHSCORES')
    redis.call('HSET', meta, 'floor', last[2])
    redis.call('ZREMRANGEBYRANK', gone, 0, excess - 1)
  end
  -- Whoever may not publish is not stopped: the others look every second.
  redis.pcall('PUBLISH', channel, id .. ' ' .. version)
end
return {verdict, version, id, time[1], time[2], whole and 1 or 0, told, added}
"""

SHA = hashlib.sha1(SOURCE.encode(), usedforsecurity=False).hexdigest()
