"""All durations of the shipped rules are divided, and nothing else of them is changed."""

import re
from pathlib import Path

from server_broker import metrics
from tests.proofs.scrape.fast_rules import delays_s, divided

RULES = (Path(metrics.__file__).parent / "prometheus" / "cunhui.rules.yml").read_text(encoding="utf-8")


def test_each_duration_is_divided() -> None:
    assert divided("expr: increase(x[1h]) < 30 * 86400\n  for: 10m\n", 240) == (
        "expr: increase(x[15000ms]) < 30 * 86400\n  for: 2500ms\n"
    )
    assert not re.search(r"(\[|for: )\d+[smhd]\b", divided(RULES, 240))
    # By one nothing is changed but how it is written.
    assert delays_s(divided(RULES, 1).replace("ms", "s"), 1).keys() == delays_s(RULES, 1).keys()


def test_what_each_alert_waits_for_is_known() -> None:
    delays = delays_s(RULES, 60)
    assert delays["CunhuiStationSilent"] == (60, 0)
    assert delays["CunhuiQuarantine"] == (0, 60)
    assert delays["CunhuiStationFactsWaiting"] == (30, 60)
    assert len(delays) == RULES.count("- alert: ")
