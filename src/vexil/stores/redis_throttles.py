"""Throttle logs in Redis or Valkey: a list per bucket, read and added to by one script, by the server's clock."""

import redis

from vexil.rates import Rate
from vexil.stores.throttles import Admission, whole_seconds
from vexil.stores.unavailable import Unavailable

_ADMIT = """
local clock = redis.call('TIME')
local now, period, limit = clock[1] * 1000000 + clock[2], tonumber(ARGV[1]), tonumber(ARGV[2])
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and tonumber(oldest) <= now - period do
    redis.call('LPOP', KEYS[1])
    oldest = redis.call('LINDEX', KEYS[1], 0)
end
local count = redis.call('LLEN', KEYS[1])
if count >= limit then
    return {string.format('%.0f', redis.call('LINDEX', KEYS[1], count - limit) + period - now), 0}
end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(period / 1000))
return {'0', limit - count - 1}
"""
_PREFIX = "vexil:throttle:"
_PATIENCE_SECONDS = 1.0


class RedisThrottles:
    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_timeout=_PATIENCE_SECONDS, socket_connect_timeout=_PATIENCE_SECONDS
        )
        self._admit = self._redis.register_script(_ADMIT)

    def admit(self, bucket: str, rate: Rate) -> Admission:
        try:
            wait_us, left = self._admit(keys=[_PREFIX + bucket], args=[rate.seconds * 1_000_000, rate.limit])
        except redis.RedisError as error:
            raise Unavailable(f"Redis: {error}") from error
        return Admission(whole_seconds(int(wait_us)), int(left))

    def close(self) -> None:
        self._redis.close()
