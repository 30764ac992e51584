"""Every page, download and act of the console, and who may use it: the table of routes and roles, as the proof asks."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from tests.proofs.strangers.county import VILLAGE
from tests.server_broker.console import routes

ROLES = routes.ROLES
_FOR_EVERYBODY = (
    *("/sign-", "/favicon.ico", "/admin/login/", "/admin/logout/", "/enrol", "/renew", "/packs/"),
    *("/api/v1/openapi.json", "/healthz", "/readyz", "/ca.pem", "/apt/"),
)
"""Addresses that answer anybody. Other cases of the proof try what they keep."""
_SHOWN = {"station": "{station}", "picture": "{picture}", "log": "{log}", "village": VILLAGE}


@dataclass(frozen=True, slots=True)
class Place:
    """Something to look at (GET) or to do (POST) under a path.

    ``{station}``, ``{picture}`` and ``{log}`` in the path exist. The objects of acts do not exist, so that an account
    that may do the act still changes nothing.
    """

    method: str
    path: str
    roles: Collection[str]
    is_there: bool = True
    asks_proof: bool = False
    """Whether it is closed to everybody before the second factor."""

    def opened(self, status: int) -> bool:
        """Return whether an answer shows that the place was opened. A form without fields is answered by 422."""
        return status < 400 or (status == 404 and not self.is_there) or (status == 422 and self.method == "POST")


def _place(route: routes.Route) -> Place:
    looks = route.method == "GET"
    path = routes.path_of(route, _SHOWN if looks else {})
    # Of the table's things only those that are shown are in the proof's county.
    named = set(re.findall(r"\{([a-z]+)\}", route.path))
    is_there = looks and named <= set(_SHOWN) and all(route.statuses[role] != 404 for role in route.opens)
    return Place(route.method, path, route.opens, is_there, route.asks_proof)


LISTS = tuple(
    route.path
    for route in routes.ROUTES
    if route.path.startswith(routes.FOR_PROGRAMS) and set(route.statuses.values()) == {401}
)
"""What programs read by tokens; a session opens none of it."""
PLACES = tuple(_place(route) for route in routes.ROUTES if not route.path.startswith(_FOR_EVERYBODY))
