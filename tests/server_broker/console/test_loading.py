"""Setting Django up loads nothing of the console, which intake and the notifier would keep in memory for nothing."""

import subprocess
import sys

import pytest

_LOADED = """
import sys
import django
django.setup()
{then}
print(*(name for name in ("openpyxl", "unfold.admin", "server_broker.console.views") if name in sys.modules))
"""


@pytest.mark.parametrize(
    "then",
    ["", *(f"import server_broker.{part}" for part in ("ingest.worker", "supervisor.chores", "incidents.notifier"))],
)
def test_what_serves_no_page_loads_none(then: str) -> None:
    done = subprocess.run([sys.executable, "-c", _LOADED.format(then=then)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_web_has_the_tables() -> None:
    then = "import server_broker.urls"
    done = subprocess.run([sys.executable, "-c", _LOADED.format(then=then)], capture_output=True, text=True, check=True)
    assert {"unfold.admin", "server_broker.console.views"} <= set(done.stdout.split())
