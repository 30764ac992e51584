"""Make an account."""

from django.db import transaction

from server_broker.accounts.models import Role, User
from server_broker.audit.log import record
from server_broker.regions.models import Region


def make_account(username: str, *, role: Role, region: str | None, actor: str = "cunhui-server") -> User:
    """Return a new account without a password: it signs in by links until it gets one.

    Args:
        region: Code of the subtree that it sees; None: nothing yet.

    Raises:
        django.db.IntegrityError: The name is taken.
        Region.DoesNotExist: There is no such region.
    """
    with transaction.atomic():
        place = None if region is None else Region.objects.get(pk=region)
        user = User(username=username, role=role, region=place, is_staff=role == Role.SYSTEM)
        user.set_unusable_password()
        user.save()
        record(actor, "account.made", username, {"role": role.value, "region": region})
    return user
