"""Every page, download and act of the console, and who may use it. This is written down from outside, not asked of the
county."""

from collections.abc import Collection
from dataclasses import dataclass

ROLES = ("system", "security", "auditor", "operator", "officer")
_FLEET = ("system", "security", "operator", "officer")
_PEOPLE = ("system", "operator", "officer")
_EDIT = ("system", "operator")
_REVOKE = ("security", "operator")
_REVIEW = _LIVE = ("operator", "officer")
_OPERATE = ("operator",)
_ACCOUNTS = ("system",)
_ORDER = "00000000-0000-4000-8000-000000000000"


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
        """Return whether an answer shows that the place was opened."""
        return status < 400 or (status == 404 and not self.is_there)


def _see(roles: Collection[str], *paths: str, asks_proof: bool = False) -> list[Place]:
    return [Place("GET", path, roles, asks_proof=asks_proof) for path in paths]


def _do(roles: Collection[str], *paths: str, asks_proof: bool = False) -> list[Place]:
    return [Place("POST", path, roles, is_there=False, asks_proof=asks_proof) for path in paths]


PLACES = (
    *_see(ROLES, "/"),
    *_see(_FLEET, "/stations/{station}/", "/held/", "/alarms/"),
    *_do(_FLEET, "/alarms/0/acknowledge/"),
    *_see(_PEOPLE, "/today/", "/people/", "/desk/"),
    *_see(_PEOPLE, "/snapshots/{picture}/", "/snapshots/{picture}.jpg", "/snapshots/{picture}/thumbnail.jpg"),
    *_do(_PEOPLE, "/desk/bind/", "/cards/0/lost/"),
    *_see(_EDIT, "/people/template.xlsx", "/people/export.xlsx", "/people/import/", f"/people/import/{_ORDER}/"),
    *_do(_EDIT, "/people/import/", f"/people/import/{_ORDER}/"),
    *_do(_EDIT, "/stations/nobody-01/claim/", asks_proof=True),
    *_do(_REVOKE, "/stations/nobody-01/revoke/", asks_proof=True),
    *_do(_REVIEW, "/stations/nobody-01/reread/", "/held/write-off/"),
    *_see(_LIVE, "/stations/{station}/live/", asks_proof=True),
    Place("GET", f"/stations/{{station}}/live/{_ORDER}/frame.jpg", _LIVE, is_there=False, asks_proof=True),
    *_do(_LIVE, "/stations/nobody-01/live/", f"/stations/nobody-01/live/{_ORDER}/end/", asks_proof=True),
    *_see(_OPERATE, "/stations/{station}/settings/", "/settings/990101000000/", "/logs/{log}.txt", asks_proof=True),
    *_do(
        _OPERATE,
        "/stations/nobody-01/settings/",
        "/settings/000000000000/",
        "/stations/nobody-01/order/",
        asks_proof=True,
    ),
    *_see(("auditor",), "/audit/"),
    *_see(_ACCOUNTS, "/admin/", "/admin/accounts/user/", "/admin/accounts/user/add/", "/admin/fleet/station/"),
    *_see(_ACCOUNTS, "/admin/people/person/"),
    *_do(_ACCOUNTS, "/admin/accounts/user/add/"),
)
