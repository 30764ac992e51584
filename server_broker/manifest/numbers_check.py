"""Check that each sealed number opens by the county's keys and is found by its own index.

Neither is in the county's stream, because both become others whenever the keys are replaced. What is sealed proves
itself: only who has the key can have sealed it, and only for that person.
"""

from django.conf import settings

from server_broker.manifest.problems import Problem
from server_broker.people.models import PrivateNumber
from server_broker.people.private_numbers import opened
from server_broker.trust.number_keys import kept_keys
from server_broker.trust.sealing import SealBroken


def check_numbers() -> Problem | None:
    """Return the first sealed number that the county did not put there as it is."""
    kept = kept_keys(settings.HOME)
    for row in PrivateNumber.objects.order_by("pk").iterator():
        try:
            number = opened(row, kept)
        except SealBroken:
            said = "打不开：不是县平台存进去的，或者 trust 里的 numbers.key 不是原来那一个"
        else:
            said = "" if bytes(row.index) == kept[row.key].index_of(row.kind, number) else "检索值被改过"
        if said:
            return Problem("row", f"身份证号和手机号 {row.pk}（{PrivateNumber._meta.db_table}）", said)
    return None
