"""The examples of docs/api.md run as they stand there, against the county's web over TLS."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone

from server_broker import trust
from server_broker.api_tokens.resources import RESOURCES
from server_broker.platform.home import CountyHome
from server_broker.settling.moments import minute
from server_broker.supervisor.web import web_config
from server_broker.trust.keys import server_certificate
from tests.cast import OPERATOR, SHILI, SHILI_VILLAGE, ZHANG
from tests.server_broker.county import api_token, make_county, touch, window
from tests.server_broker.settling.kept_rows import settled_row
from tests.server_broker.web_in_thread import web_on_a_port

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^```(bash|python|json)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def examples(language: str) -> list[str]:
    return [text for kind, text in EXAMPLE.findall(PAGE) if kind == language]


@pytest.fixture
def environment(county_cluster: CountyHome, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """What the page wants: the county's address, its authority, and a token."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    county = make_county()
    touch(county.stations[SHILI], ZHANG.token)
    window(SHILI_VILLAGE, "上午", [county.people[ZHANG]])
    awaited = [[SHILI, minute(timezone.now())]]
    settled_row(county.people[ZHANG], timezone.localdate(), "未", line="7", awaited=awaited)
    trust.prepare(county_cluster)
    certificate, key = server_certificate(county_cluster, "web", ["127.0.0.1"], now=timezone.now())
    config = web_config("server_broker.asgi:application", certificate, key, host="127.0.0.1", port=0)
    with web_on_a_port(config) as port:
        yield {
            "COUNTY": f"https://127.0.0.1:{port}",
            "CA": str(county_cluster.trust / "ca.pem"),
            "TOKEN": api_token(OPERATOR).text,
            "PATH": os.environ["PATH"],
            # As on the computers on which such programs run: the month begins at Beijing's midnight.
            "TZ": "Asia/Shanghai",
        }


def test_the_examples_do_what_the_page_says(environment: dict[str, str]) -> None:
    people, windows, results, document = (
        json.loads(subprocess.run(["bash", "-ec", text], env=environment, capture_output=True, check=True).stdout)
        for text in examples("bash")
    )
    shown, result = (json.loads(text) for text in examples("json"))
    first = people["rows"][0]
    assert set(people) == set(shown)
    assert set(first) == set(shown["rows"][0])
    assert (first["number"], first["name"], first["region"]["code"]) == (ZHANG.number, ZHANG.name, SHILI_VILLAGE)
    assert [row["name"] for row in windows["rows"]] == ["上午"]
    (row,) = results["rows"]
    assert set(row) == set(result)
    assert set(row["awaited"][0]) == set(result["awaited"][0])
    assert (row["person"]["name"], row["result"], row["awaited"][0]["station"]) == (ZHANG.name, "未", SHILI)
    assert set(document["paths"]) == {f"/api/v1/{name}" for name in RESOURCES}
    program = "\n".join(examples("python"))
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    lines = ran.stdout.splitlines()
    assert lines[0].startswith(f"{ZHANG.number} {ZHANG.name} 示例村")
    assert lines[-1].endswith("示例村站 张示例 in 算")


def test_the_page_has_every_list() -> None:
    named = set(re.findall(r"^\| `/api/v1/(\w+)` \|", PAGE, re.MULTILINE))
    assert named == set(RESOURCES)
