"""What a touch costs the county when its station has 100,000 events behind it, compared with a station that has none.

A program of its own measures it beside the running county, in its database, at a station that nobody else knows.
"""

import json
import os
import subprocess
import sys

from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.stage.county import BenchCounty

GOAL = 1.3
EVENTS = 100_000
TURNS, TOUCHES = 5, 150


def measure(county: BenchCounty) -> Figure:
    """Return the ratio of the two costs."""
    command = [sys.executable, "-m", "tests.benchmarks.measures.county_touch"]
    environment = {**os.environ, **county.service.env, "DJANGO_SETTINGS_MODULE": "server_broker.settings"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    without, after = json.loads(done.stdout)
    return Figure(
        name="touch_cost_after_100k_events_ratio",
        value=after / without,
        unit="times",
        goal=GOAL,
        detail={"cpu_ms_without": round(without, 3), "cpu_ms_after": round(after, 3), "turns": TURNS},
    )


if __name__ == "__main__":
    import django

    django.setup()
    from tests.benchmarks.measures.history_behind import medians

    print(json.dumps(medians(events=EVENTS, turns=TURNS, touches=TOUCHES)))
