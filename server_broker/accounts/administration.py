"""Decide which accounts an administrator sees and changes in the console, and which roles it can give.

An administrator can't give more than it has: no region outside its own scope, and no role that its scope does not
allow. Security administrators and auditors are made and changed only on the county's machine (``cunhui-server
account``). Otherwise a system administrator, who can set an account's password, could sign in as one of them, and one
person would hold two of the three administrators' roles.
"""

from django.db.models import Q, QuerySet

from server_broker.accounts.models import Role, User
from server_broker.accounts.powers import Power, may
from server_broker.accounts.scope import Viewer, in_scope, regions_of, sees_county

_GIVEN_BY_TOWNSHIPS = (Role.OPERATOR, Role.OFFICER, Role.SECRETARY, Role.SUPERVISION, Role.EDITOR)
_GIVEN_BY_THE_COUNTY = (Role.SYSTEM, Role.ORGANISATION, *_GIVEN_BY_TOWNSHIPS)


def given_roles(administrator: Viewer) -> tuple[Role, ...]:
    """Return the roles that ``administrator`` may give to accounts and take from them."""
    if not may(administrator, Power.MANAGE_ACCOUNTS):
        return ()
    return _GIVEN_BY_THE_COUNTY if sees_county(administrator) else _GIVEN_BY_TOWNSHIPS


def accounts_of(administrator: Viewer) -> QuerySet[User]:
    """Return the accounts in the administrator's scope; those without a region only if it sees the whole county."""
    seen = Q(region__in=regions_of(administrator))
    return User.objects.filter(seen | Q(region=None) if sees_county(administrator) else seen)


def may_change(administrator: Viewer, account: User) -> bool:
    """Return whether ``administrator`` may change ``account``. Never its own, so that nobody can give itself a role."""
    if account.pk == administrator.pk or account.role not in given_roles(administrator):
        return False
    if account.region_id is None:
        return sees_county(administrator)
    return in_scope(administrator, account.region_id)
