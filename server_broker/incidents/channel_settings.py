"""Set up channels, remove them, and have one tested. Addresses and secrets are sealed, and no page shows them again."""

import json
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from server_broker.accounts.models import User
from server_broker.accounts.powers import Power, may
from server_broker.accounts.scope import Viewer, in_scope, regions_of
from server_broker.audit.log import Detail, record
from server_broker.incidents.channels import DRIVERS, BadChannel, Channel, Outlet
from server_broker.incidents.kinds import SEVERITIES
from server_broker.incidents.models import ChannelConfig, Notification
from server_broker.platform.county_config import read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.regions.models import Region
from server_broker.trust.sealing import SealBroken, make_sealing_key, seal, unseal

MIN_NAME, MAX_NAME = 2, 64
MOST_CHANNELS = 8
"""Each delivers on a thread of its own."""
_MOST_TESTS = 3


class ChannelRefused(Exception):
    """Nothing was changed. The message is Chinese, for the person who tried."""


def outlet_of(home: CountyHome) -> Outlet:
    """Return the way out of this county. If its configuration can't be read, it leads to the vendors alone."""
    try:
        named = read_config(home).notify_hosts
    except ServiceError:
        named = ()
    return Outlet(frozenset(named), home.root / "ca.pem")


def channels_of(viewer: Viewer) -> QuerySet[ChannelConfig]:
    """Return the channels in use for regions that ``viewer`` sees."""
    found = ChannelConfig.objects.filter(removed_at=None, region__in=regions_of(viewer).values("identity"))
    return found.select_related("region").order_by("region__code", "pk")


def failing_channels() -> list[ChannelConfig]:
    """Return the channels in use whose last message was not delivered."""
    return list(ChannelConfig.objects.filter(removed_at=None, failing_since__isnull=False).order_by("failing_since"))


def add_channel(
    editor: User,
    *,
    driver: str,
    name: str,
    region: Region | None,
    least_severity: str,
    values: Mapping[str, str],
    outlet: Outlet,
    now: datetime,
) -> ChannelConfig:
    """Set up a channel.

    Args:
        values: What its driver must know, by the keys of its fields.

    Raises:
        ChannelRefused: A value can't be right, messages may not go there, or there are `MOST_CHANNELS` already.
    """
    if not may(editor, Power.SET_CHANNELS):
        raise ChannelRefused("您不能设置通知渠道")
    if not MIN_NAME <= len(name) <= MAX_NAME:
        raise ChannelRefused(f"请写名称（{MIN_NAME} 到 {MAX_NAME} 个字）")
    if region is None or region.ended or not in_scope(editor, region.code):
        raise ChannelRefused("请选管辖范围内的区划")
    kept = {field.key: values.get(field.key, "") for field in DRIVERS[driver].fields}
    missing = [field.word for field in DRIVERS[driver].fields if field.required and not kept[field.key]]
    if missing:
        raise ChannelRefused(f"没有填：{'、'.join(missing)}")
    try:
        DRIVERS[driver].build(kept, outlet)
    except BadChannel as problem:
        raise ChannelRefused(str(problem)) from problem
    make_sealing_key(settings.HOME)
    with transaction.atomic():
        # Locked, so that two forms at once do not make one channel too many.
        User.objects.select_for_update(no_key=True).get(pk=editor.pk)
        if ChannelConfig.objects.filter(removed_at=None).count() >= MOST_CHANNELS:
            raise ChannelRefused(f"最多 {MOST_CHANNELS} 个渠道，请先停用不用的")
        made = ChannelConfig.objects.create(
            driver=driver,
            name=name,
            region=region,
            least_severity=least_severity if least_severity in SEVERITIES else "minor",
            sealed="",
            made_at=now,
        )
        made.sealed = seal(settings.HOME, json.dumps(kept).encode(), of=_of(made))
        made.save(update_fields=["sealed"])
        detail: Detail = {"driver": driver, "name": name, "region": region.code}
        record(editor.get_username(), "channel.made", str(made.pk), detail)
    return made


def remove_channel(editor: User, channel: ChannelConfig, *, now: datetime) -> None:
    """Take a channel out of use. Its address and secrets are erased, and what waits for it is not sent.

    Raises:
        ChannelRefused: It is not the editor's to remove.
    """
    _require_own(editor, channel)
    with transaction.atomic():
        ChannelConfig.objects.filter(pk=channel.pk).update(removed_at=now, sealed="", failing_since=None, failure="")
        waiting = Notification.objects.filter(channel=channel, sent_at=None, given_up_at=None)
        waiting.update(given_up_at=now)
        record(editor.get_username(), "channel.removed", str(channel.pk), {"name": channel.name})


def test_channel(editor: User, channel: ChannelConfig, *, county: str, now: datetime) -> None:
    """Have the notifier send a test message. The page does not wait for it, because the receiver may hang.

    Raises:
        ChannelRefused: It is not the editor's to test, or tests wait already.
    """
    _require_own(editor, channel)
    waiting = Notification.objects.filter(channel=channel, is_test=True, sent_at=None, given_up_at=None)
    if waiting.count() >= _MOST_TESTS:
        raise ChannelRefused("已有测试等着发，请先看它发得怎么样")
    text = "这是一条测试。收到它，说明有事需要处理时，这里收得到通知。"
    with transaction.atomic():
        Notification.objects.create(
            channel=channel, title=f"村慧 {county}：测试", text=text, is_test=True, made_at=now, next_at=now
        )
        record(editor.get_username(), "channel.tested", str(channel.pk), {"name": channel.name})


def opened(channel: ChannelConfig, *, home: CountyHome, outlet: Outlet) -> Channel:
    """Return the channel that a row describes.

    Raises:
        SealBroken: Its settings do not open.
        BadChannel: Messages may no longer go there.
    """
    try:
        values = json.loads(unseal(home, channel.sealed, of=_of(channel)))
    except ValueError as error:
        raise SealBroken("what was sealed is no settings of a channel") from error
    return DRIVERS[channel.driver].build(values, outlet)


def _of(channel: ChannelConfig) -> str:
    return f"channel {channel.pk}"


def _require_own(editor: User, channel: ChannelConfig) -> None:
    if not may(editor, Power.SET_CHANNELS) or not channels_of(editor).filter(pk=channel.pk).exists():
        raise ChannelRefused("这个渠道不归您管")
