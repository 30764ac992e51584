"""Warn of learning packs in use that nobody has looked at again by the day that their keeper named (老黄历)."""

import datetime as dt

from django.utils import timezone

from server_broker.bundles.models import Bundle
from server_broker.fleet.alarm_codes import REVIEW_PAST
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.models import Alarm
from server_broker.learning.keepers import keepers_past


def warn_past_review(now: dt.datetime) -> int:
    """Raise an alarm for each such pack, and close those that no longer hold; return how many are open."""
    used = dict(Bundle.objects.filter(kind="questions").newest().lasting(now).values_list("bundle", "title"))
    past = keepers_past(set(used), timezone.localdate(now))
    calls = [
        AlarmCall(None, f"{REVIEW_PAST}:{pack}", "minor", f"“{used[pack]}”该复审了：{row.owner}，{row.review_by} 到期")
        for pack, row in past.items()
    ]
    raise_alarms(calls, at=now)
    over = Alarm.objects.filter(origin="county", code__startswith=f"{REVIEW_PAST}:", resolved_at=None)
    over.exclude(code__in=[call.code for call in calls]).update(resolved_at=now)
    return len(calls)
