"""Three months of requests, written into the stores as the Flags API would have counted them."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scripts.screenshots.shop import AGENTS, FEATURES
from vexil.stores.evaluations import EvaluationKey
from vexil.stores.opening import open_stores
from vexil.stores.usage import UsageKey

_DAYS = 90
_SHARES = {"flags": 900, "identities": 420, "traits": 130, "environment-document": 60}


def write(data_dir: Path, environment_ids: Sequence[int]) -> None:
    """Busy on working days, quiet at weekends, growing slowly."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    counts: dict[UsageKey, int] = {}
    evaluated: dict[EvaluationKey, int] = {}
    for day in range(1, _DAYS):
        moment = today - timedelta(days=day)
        level = (1.6 - day / _DAYS) * (0.35 if moment.weekday() >= 5 else 1 + 0.15 * math.sin(day))
        for place, environment_id in enumerate(environment_ids):
            for number, agent in enumerate(AGENTS):
                for resource, share in _SHARES.items():
                    key = UsageKey(environment_id, resource, moment, agent.lower())
                    counts[key] = int(share * level / (1 + place) / (1 + number))
            evaluated[EvaluationKey(environment_id, FEATURES[0][0], moment, True, AGENTS[0])] = int(600 * level)
    stores = open_stores("", data_dir, "")
    stores.usage.add(counts)
    stores.evaluations.add(evaluated)
    stores.close()
