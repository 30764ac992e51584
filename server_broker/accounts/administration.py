"""Which accounts an administrator sees and changes in the console, and which roles it gives.

An administrator gives no more than it has: no region beyond its own scope, and no role that its scope does not allow.
The security administrator and the auditor are made and changed at the county's machine alone (``cunhui-server
account``). Who gives an account its password can use it, and would hold two of the three administrators' offices.
"""

from django.db.models import Q, QuerySet

from server_broker.accounts.models import Role, User
from server_broker.accounts.powers import Power, may
from server_broker.accounts.scope import Viewer, in_scope, regions_of, sees_county

_GIVEN_BY_TOWNSHIPS = (Role.OPERATOR, Role.OFFICER)
_GIVEN_BY_THE_COUNTY = (Role.SYSTEM, *_GIVEN_BY_TOWNSHIPS)


def given_roles(administrator: Viewer) -> tuple[Role, ...]:
    """Return the roles that ``administrator`` may give and take."""
    if not may(administrator, Power.MANAGE_ACCOUNTS):
        return ()
    return _GIVEN_BY_THE_COUNTY if sees_county(administrator) else _GIVEN_BY_TOWNSHIPS


def accounts_of(administrator: Viewer) -> QuerySet[User]:
    """Return the accounts of the administrator's scope; those without a region only to a whole county's."""
    seen = Q(region__in=regions_of(administrator))
    return User.objects.filter(seen | Q(region=None) if sees_county(administrator) else seen)


def may_change(administrator: Viewer, account: User) -> bool:
    """Return whether ``administrator`` may change ``account``: never its own, so that nobody raises the own role."""
    if account.pk == administrator.pk or account.role not in given_roles(administrator):
        return False
    if account.region_id is None:
        return sees_county(administrator)
    return in_scope(administrator, account.region_id)
