"""Throttle logs in PostgreSQL: one statement per request, by the database's clock, in an unlogged table."""

import time

from vexil.rates import Rate
from vexil.stores.postgres.connections import Connections
from vexil.stores.throttles import Admission, whole_seconds

# The update waits for the row's lock before it reads the clock and the log, so that each request is counted once.
_ADMIT = """
    INSERT INTO admin_throttles AS stored (bucket, forget_at_us, wait_us, admitted_us)
    SELECT %(bucket)s, now_us + %(period_us)s, 0, ARRAY[now_us]
    FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now_us) AS clock
    ON CONFLICT (bucket) DO UPDATE SET (forget_at_us, wait_us, admitted_us) = (
        SELECT
            now_us + %(period_us)s,
            CASE WHEN cardinality(kept) < %(limit)s THEN 0
                 ELSE kept[cardinality(kept) - %(limit)s + 1] + %(period_us)s - now_us END,
            CASE WHEN cardinality(kept) < %(limit)s THEN kept || now_us ELSE kept END
        FROM (
            SELECT now_us, ARRAY(
                SELECT at_us FROM unnest(stored.admitted_us) AS at_us WHERE at_us > now_us - %(period_us)s ORDER BY 1
            ) AS kept
            FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now_us) AS clock
        ) AS log
    )
    RETURNING wait_us, cardinality(admitted_us)
"""
_FORGET = """
    DELETE FROM admin_throttles WHERE bucket IN (
        SELECT bucket FROM admin_throttles
        WHERE forget_at_us < extract(epoch FROM clock_timestamp()) * 1000000
        FOR UPDATE SKIP LOCKED
    )
"""
_FORGET_EACH_SECONDS = 60


class PostgresThrottles:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._forgotten_at = 0.0

    def admit(self, bucket: str, rate: Rate) -> Admission:
        parameters = {"bucket": bucket, "period_us": rate.seconds * 1_000_000, "limit": rate.limit}
        with self._connections.lending() as connection:
            row = connection.execute(_ADMIT, parameters).fetchone()
            if time.monotonic() - self._forgotten_at > _FORGET_EACH_SECONDS:
                self._forgotten_at = time.monotonic()
                connection.execute(_FORGET)
        wait_us, counted = row or (0, 0)
        return Admission(whole_seconds(wait_us), max(0, rate.limit - counted))

    def close(self) -> None:
        self._connections.close()
