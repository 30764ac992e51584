"""How the console writes a time."""

import datetime as dt

from django.utils import timezone


def moment_words(when: dt.datetime) -> str:
    """Return a local time: 08:03:21 for today, 11-23 08:03 for this year, 2025-11-23 08:03 for earlier years."""
    local, now = timezone.localtime(when), timezone.localtime()
    if local.date() == now.date():
        return local.strftime("%H:%M:%S")
    return local.strftime("%m-%d %H:%M" if local.year == now.year else "%Y-%m-%d %H:%M")
