"""通知渠道: by which chat groups and letter boxes people are told of what needs them."""

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, account_of, needs
from server_broker.accounts.scope import regions_of
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.incidents.channel_settings import (
    MAX_NAME,
    ChannelRefused,
    add_channel,
    channels_of,
    outlet_of,
    remove_channel,
    test_channel,
)
from server_broker.incidents.channels import DRIVERS
from server_broker.incidents.kinds import SEVERITIES, SEVERITY_WORDS
from server_broker.regions.models import Region, region_chain


@require_safe
@needs(Power.SET_CHANNELS)
def channels(request: HttpRequest) -> HttpResponse:
    """List the channels in use, each with how its last message went; what they are made of is not shown."""
    viewer = account_of(request)
    waits = Q(notifications__sent_at=None, notifications__given_up_at=None, notifications__pk__isnull=False)
    found = channels_of(viewer).annotate(waiting=Count("notifications", filter=waits))
    # Villages are left out: nobody has a chat group for one station, and the list would be long.
    above = regions_of(viewer).above_villages().filter(ended=False)
    context = {
        "section": "channels",
        "channels": [(one, DRIVERS[one.driver].word, SEVERITY_WORDS[one.least_severity], one.waiting) for one in found],
        "drivers": list(DRIVERS.values()),
        "chosen": parameters.choice(request.GET, "driver", ("wecom", *DRIVERS)),
        "regions": above,
        "severities": [(name, SEVERITY_WORDS[name]) for name in SEVERITIES],
    }
    return render(request, "console/channels.html", context)


@post_only("channels")
@needs(Power.SET_CHANNELS)
def channel_add(request: HttpRequest, driver: str) -> HttpResponse:
    """Set up a channel."""
    editor = account_of(request)
    if driver not in DRIVERS:
        raise Http404
    code = parameters.text(request.POST, "region", longest=12)
    values = {
        # Not normalised: a password may hold any sign.
        field.key: parameters.as_typed(request.POST.get(field.key, ""), longest=field.longest)
        for field in DRIVERS[driver].fields
    }
    try:
        add_channel(
            editor,
            driver=driver,
            name=parameters.prose(request.POST, "name", longest=MAX_NAME + 1),
            region=regions_of(editor).filter(pk=code).first(),
            least_severity=parameters.choice(request.POST, "least", ("minor", *SEVERITIES)),
            values=values,
            outlet=outlet_of(settings.HOME),
            now=timezone.now(),
        )
    except ChannelRefused as refusal:
        messages.error(request, f"没有添加：{refusal}。")
    else:
        messages.success(request, "已添加。请发一条测试，看收不收得到。")
    return redirect("channels")


@post_only("channels")
@needs(Power.SET_CHANNELS)
def channel_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a test message sent. Whether it arrives, the list says some seconds later."""
    editor = account_of(request)
    channel = get_object_or_404(channels_of(editor), pk=pk)
    county = Region.objects.filter(pk=region_chain(channel.region.code)[0]).first()
    try:
        test_channel(editor, channel, county=county.name if county else "", now=timezone.now())
    except ChannelRefused as refusal:
        messages.error(request, f"没有发：{refusal}。")
    else:
        messages.success(request, "测试正在发，十几秒后刷新这一页，看发得怎么样。")
    return redirect("channels")


@post_only("channels")
@needs(Power.SET_CHANNELS)
def channel_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a channel out of use."""
    editor = account_of(request)
    channel = get_object_or_404(channels_of(editor), pk=pk)
    try:
        remove_channel(editor, channel, now=timezone.now())
    except ChannelRefused as refusal:
        messages.error(request, f"没有停用：{refusal}。")
    else:
        messages.success(request, f"“{channel.name}”已停用，地址和密钥已清掉。")
    return redirect("channels")
