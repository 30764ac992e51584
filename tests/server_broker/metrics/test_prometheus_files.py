"""The rules and the dashboard that are shipped speak of metrics that exist, and each alert says one thing to do."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from firmware_scripts.packaging.parts import COUNTY
from server_broker import metrics
from server_broker.metrics import families

FOLDER = Path(metrics.__file__).parent / "prometheus"
RULES, DASHBOARD = FOLDER / "cunhui.rules.yml", FOLDER / "cunhui-dashboard.json"
SERIES = {f"{metric.name}_total" if metric.kind == "counter" else metric.name for metric in families.ALL}


def panels() -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return shown


@pytest.mark.parametrize("file", [RULES, DASHBOARD], ids=lambda file: file.name)
def test_each_metric_that_is_named_exists(file: Path) -> None:
    named = set(re.findall(r"\bcunhui_[a-z_]+", file.read_text(encoding="utf-8")))
    assert named - SERIES == set()
    assert len(named) > 10


def test_what_is_recorded_is_used() -> None:
    text = RULES.read_text(encoding="utf-8")
    for name in re.findall(r"record: (\S+)", text):
        assert text.count(name) > 1


def test_each_alert_has_a_severity_a_sentence_and_one_action() -> None:
    alerts = RULES.read_text(encoding="utf-8").split("- alert: ")[1:]
    names = [alert.split("\n", 1)[0] for alert in alerts]
    assert len(set(names)) == len(names) >= 12
    for name, alert in zip(names, alerts, strict=True):
        assert re.search(r"labels: \{severity: (minor|major|critical)\}", alert), name
        for annotation in ("summary", "action"):
            (said,) = re.findall(rf"{annotation}: (.+)", alert)
            assert re.search("[一-鿿]", said), name
            assert not said.endswith("。"), "one sentence each"


def test_panels_have_titles_of_their_own_and_lie_beside_one_another() -> None:
    titles = [panel["title"] for panel in panels()]
    assert len(set(titles)) == len(titles)
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not taken & cells, panel["title"]
        taken |= cells
        assert all(target["expr"] for target in panel["targets"])


def test_both_are_in_the_package() -> None:
    for file in (RULES, DASHBOARD):
        path = f"server_broker/metrics/prometheus/{file.name}"
        assert COUNTY.files[path] == "usr/share/cunhui-county/prometheus"
