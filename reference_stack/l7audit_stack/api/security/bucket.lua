-- One decision of the rate limiter; buckets.py describes the same steps in Python.
-- KEYS: bucket, policies (hash), revocation epoch
-- ARGV: policy field, capacity, refill, backoff base, backoff cap, forgive after (defaults)
-- The store's clock is the only clock, so that replicas agree.
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local capacity, refill = tonumber(ARGV[2]), tonumber(ARGV[3])
local base, cap, forgive = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local changed = redis.call('HGET', KEYS[2], ARGV[1])
if changed then
  capacity, refill, base, cap, forgive = struct.unpack('<ddddd', changed)
end
local epoch = tonumber(redis.call('GET', KEYS[3]) or '0')

local tokens, updated, strikes, blocked = capacity, now, 0, 0
local state = redis.call('GET', KEYS[1])
if state then
  tokens, updated, strikes, blocked = struct.unpack('<dddd', state)
end

local allowed, offence, wait = 0, 0, 0
if blocked > now then
  wait = blocked - now
else
  if strikes > 0 then
    local forgiven = math.min(strikes, math.floor((now - blocked) / forgive))
    strikes = strikes - forgiven
    blocked = blocked + forgiven * forgive
  end
  tokens = math.min(capacity, tokens + math.max(0, now - updated) * refill)
  updated = now
  if tokens >= 1 then
    tokens = tokens - 1
    allowed = 1
  else
    strikes = math.min(strikes + 1, 30)
    offence = 1
    wait = math.max((1 - tokens) / refill, math.min(cap, base * 2 ^ (strikes - 1)))
    blocked = now + wait
  end
  local life = capacity / refill + wait + strikes * forgive + 1
  redis.call('SET', KEYS[1], struct.pack('<dddd', tokens, updated, strikes, blocked),
    'PX', math.ceil(life * 1000))
end
local remaining, reset = 0, wait
if allowed == 1 then
  remaining = math.floor(tokens)
  reset = (capacity - tokens) / refill
end
return {allowed, remaining, math.ceil(wait * 1000), math.ceil(reset * 1000), capacity,
  math.max(1, math.ceil(capacity / refill)), offence, strikes, epoch}
