"""``./run prove scrape``: each trouble of a day raises its alert in a real Prometheus, and nothing else raises one."""

import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from server_broker import metrics
from tests.proofs.scrape.county import furnish, set_up_backups, token_of
from tests.proofs.scrape.fast_rules import delays_s, divided
from tests.proofs.scrape.prometheus import Prometheus, promtool
from tests.proofs.scrape.troubles import Trouble, all_troubles, clock_is_set
from tests.proofs.strangers.county import County

FILES = Path(metrics.__file__).parent / "prometheus"
DAY_S = 86_400
MOST_SERIES = 40
PATIENCE_S = 60.0
"""An alert that has not fired so long after it was due is missing."""
LAG_S = 6.0
"""A scrape, an evaluation, and what a machine with much else to do adds to both."""
BAD = ("missing", "extra", "rules_refused", "empty_queries", "series_over")


@dataclass
class Day:
    """What happened: each trouble with when it was planted and when its alert could last be seen."""

    began_s: float
    planted: list[tuple[Trouble, float, float]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    fired_after_s: dict[str, float] = field(default_factory=dict)

    def explains(self, alert: dict[str, str], at_s: float) -> bool:
        """Return whether a trouble that was planted at that time raises this alert."""
        return any(trouble.is_it(alert) and begin <= at_s <= end for trouble, begin, end in self.planted)


def live_through(
    troubles: list[Trouble], prometheus: Prometheus, delays: dict[str, tuple[float, float]], *, day_s: float
) -> Day:
    """Plant the troubles one after another, and let the rest of the day pass in peace."""
    day = Day(time.time())
    for trouble in troubles:
        waits_s, looks_s = delays[trouble.alert]
        begin_s = time.time()
        with trouble.plants():
            try:
                wait_until(
                    lambda trouble=trouble: _fires(prometheus, trouble),  # type: ignore[misc]
                    what=trouble.name,
                    timeout_s=waits_s + looks_s + PATIENCE_S,
                    every_s=0.25,
                )
            except NotInTime:
                day.missing.append(trouble.name)
            day.fired_after_s[trouble.name] = round(time.time() - begin_s, 1)
        day.planted.append((trouble, begin_s, time.time() + looks_s + LAG_S))
        # The next one begins when this one is over, so that each alert has one cause.
        try:
            wait_until(
                lambda trouble=trouble: not _fires(prometheus, trouble),  # type: ignore[misc]
                what=f"the end of {trouble.name}",
                timeout_s=looks_s + PATIENCE_S,
                every_s=0.25,
            )
        except NotInTime:
            day.missing.append(f"the end of {trouble.name}")
    _pass_until(day.began_s + day_s)
    return day


def _pass_until(end_s: float) -> None:
    while (left_s := end_s - time.time()) > 0:
        time.sleep(min(left_s, 1.0))


def _fires(prometheus: Prometheus, trouble: Trouble) -> bool:
    return any(trouble.is_it(alert["metric"]) for alert in prometheus.query('ALERTS{alertstate="firing"}'))


def extra_alerts(prometheus: Prometheus, day: Day) -> list[str]:
    """Return each alert that fired while nothing was planted that raises it."""
    extra = []
    for series in prometheus.over('ALERTS{alertstate="firing"}', day.began_s, time.time()):
        alert = series["metric"]
        times = [float(at) for at, _ in series["values"] if not day.explains(alert, float(at))]
        if times:
            where = {name: alert[name] for name in ("station", "part", "township") if name in alert}
            extra.append(f"{alert['alertname']} {where}: {len(times)} s, first after {times[0] - day.began_s:.0f} s")
    return extra


def empty_queries(prometheus: Prometheus) -> tuple[int, list[str]]:
    """Return how many queries the dashboard has, and those that find nothing."""
    shown: dict[str, Any] = json.loads((FILES / "cunhui-dashboard.json").read_text(encoding="utf-8"))
    queries = [target["expr"].replace("$township", ".*") for panel in shown["panels"] for target in panel["targets"]]
    return len(queries), [query for query in queries if not prometheus.query(query)]


@dataclass
class Found:
    """What the run came to."""

    planted: int
    day: Day
    extra: list[str]
    refused: list[str]
    queries: int
    empty: list[str]
    series: int
    longest_scrape_s: float


def prove(root: Path, *, factor: float, seed: int, most: int | None) -> Found:
    """Let a county live through the day in a folder.

    Args:
        most: How many troubles are planted; None for all.
    """
    shipped = FILES / "cunhui.rules.yml"
    text = shipped.read_text(encoding="utf-8")
    (root / "county").mkdir(mode=0o755)
    with County(root / "county") as county:
        board = furnish(county)
        set_up_backups(county.home)
        target = f"127.0.0.1:{county.web_port}"
        rules, token = divided(text, factor), token_of(county)
        watched = Prometheus(root / "prometheus", rules=rules, token=token, ca=county.ca, target=target)
        checks = {"rules": shipped, "config": watched.config}
        planned = all_troubles(county, board)
        random.Random(seed).shuffle(planned)
        planned = planned[:most]
        with watched as prometheus:
            wait_until(lambda: prometheus.query("cunhui_station_online"), what="a first scrape", timeout_s=60)
            day = live_through(planned, prometheus, delays_s(text, factor), day_s=DAY_S / factor)
            count, empty = empty_queries(prometheus)
            return Found(
                planted=len(planned),
                day=day,
                extra=extra_alerts(prometheus, day),
                refused=[what for what, file in checks.items() if not promtool("check", what, str(file))],
                queries=count,
                empty=empty,
                series=int(_value(prometheus, 'max(count by (station) ({job="cunhui", station!=""}))')),
                longest_scrape_s=_value(prometheus, 'max_over_time(scrape_duration_seconds{job="cunhui"}[1h])'),
            )


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove scrape", factor=240, troubles=0).parse_args()
    seed = chosen_seed(options.seed)
    report = Report("scrape", seed=seed)
    with tempfile.TemporaryDirectory(prefix="scrape-", dir="/dev/shm") as folder:
        Path(folder).chmod(0o755)
        found = prove(Path(folder), factor=options.factor, seed=seed, most=options.troubles or None)
    for word, lines in (
        ("missing", found.day.missing),
        ("extra", found.extra),
        ("finds nothing", found.empty),
        ("promtool refuses", found.refused),
    ):
        for line in lines:
            print(f"{word}: {line}", file=sys.stderr)
    said = report.finish(
        as_json=options.json,
        planted=found.planted,
        missing=len(found.day.missing),
        extra=len(found.extra),
        rules_refused=len(found.refused),
        dashboard_queries=found.queries,
        empty_queries=len(found.empty),
        series_per_station=found.series,
        series_over=int(found.series > MOST_SERIES),
        longest_scrape_s=round(found.longest_scrape_s, 3),
        factor=options.factor,
        scrape_interval_s=1,
        fired_after_s=dict(sorted(found.day.fired_after_s.items())),
        not_covered=[
            "what stations report is written into their rows, apart from the message in quarantine",
            *(["a clock that nobody vouches for: a time service sets this machine's"] if clock_is_set() else []),
        ],
    )
    return exit_code(said, *BAD, repeat=f"./run prove scrape --seed {seed} --factor {options.factor}")


def _value(prometheus: Prometheus, expression: str) -> float:
    return float(prometheus.query(expression)[0]["value"][1])


if __name__ == "__main__":
    sys.exit(main())
