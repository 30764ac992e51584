"""How long pages of the console take as they come to a browser, and how many queries they make."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from firmware_scripts.report import Value
from tests.benchmarks.measures.figures import Figure, percentile

if TYPE_CHECKING:
    from server_broker.accounts.models import User
    from server_broker.regions.models import Region

PAGES = 60
GOAL_MS = 300.0


def officer_of(region: "Region") -> "User":
    """Make an officer of a region."""
    from server_broker.accounts.models import Role, User  # noqa: PLC0415 - Django must be set up

    return User.objects.create(username=f"bench-{region.code}", role=Role.OFFICER, region=region)


def open_page(user: "User", path: str) -> None:
    """Open a page.

    Raises:
        RuntimeError: It was not shown, or nobody of the county stands on it.
    """
    from django.test import Client  # noqa: PLC0415

    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    response = client.get(path, secure=True)
    if response.status_code != 200 or "示例" not in response.content.decode():
        raise RuntimeError(f"the page {path} said {response.status_code}")


def opened(name: str, path_of: Callable[["User"], str], officers: Sequence["User"], county: "User") -> Figure:
    """Open a page as officers of different townships, and count its queries for a township and for the county."""
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    from server_broker.supervisor.warm import load_pages  # noqa: PLC0415

    # The web server does the same before its first request, and nobody waits for the first page of a template.
    load_pages()
    open_page(officers[0], path_of(officers[0]))
    times = []
    for number in range(PAGES):
        officer = officers[number % len(officers)]
        path = path_of(officer)
        began = time.monotonic()
        open_page(officer, path)
        times.append((time.monotonic() - began) * 1000)
    queries: dict[str, Value] = {}
    for of, user in (("township", officers[0]), ("county", county)):
        with CaptureQueriesContext(connection) as captured:
            open_page(user, path_of(user))
        queries[of] = len(captured)
    p50, slowest = round(percentile(times, 0.5), 1), round(max(times), 1)
    detail: dict[str, Value] = {"p50_ms": p50, "slowest_ms": slowest, "queries": queries}
    return Figure(name=f"{name}_p95_ms", value=percentile(times, 0.95), unit="ms", goal=GOAL_MS, detail=detail)
