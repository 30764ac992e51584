"""What people did about incidents, who is on call, and what was sent about which incident by which channel.

Which incidents are open is nowhere in these tables: it is derived of the alarms (`incidents.open_now`).
"""

from django.conf import settings
from django.db import models

from server_broker.regions.models import Region


class About(models.Model):
    """What a row is about: all incidents of one kind at one place, such as ``silent`` at ``s:shili-01``."""

    kind = models.CharField(max_length=16)
    """A key of `incidents.kinds.KINDS`."""
    place = models.CharField(max_length=40)
    """``s:`` and a station's id, or ``r:`` and a region's code."""

    class Meta:
        abstract = True


class Acknowledgement(About):
    """Somebody has seen what stood there at that moment, and does something about it."""

    note = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "place", "-at"], name="incident_acknowledged")]


class Silence(About):
    """Until ``ends_at`` nobody is told of incidents of this kind there, because somebody said why."""

    reason = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ends_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["ends_at"], name="incident_silence_end")]
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("at")), name="silence_begins_before_it_ends")
        ]


class OnCall(models.Model):
    """An account that is on call for a region on some days."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="值守人", on_delete=models.PROTECT, related_name="on_call"
    )
    region = models.ForeignKey(
        Region, verbose_name="区划", on_delete=models.PROTECT, to_field="identity", related_name="+"
    )
    first_day = models.DateField("从")
    last_day = models.DateField("到")
    """The last day that counts."""
    telephone = models.CharField(max_length=200, blank=True)
    """Sealed for this row alone (`incidents.on_call`)."""

    class Meta:
        verbose_name = "值守"
        verbose_name_plural = "值守"
        indexes = [models.Index(fields=["last_day"], name="on_call_by_day")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")), name="on_call_ends_after_it_begins"
            )
        ]


class ChannelConfig(models.Model):
    """A way by which people outside the console are told: a robot of a chat group, or mail."""

    driver = models.CharField(max_length=16)
    """A key of `incidents.channels.DRIVERS`."""
    name = models.CharField("名称", max_length=64)
    region = models.ForeignKey(
        Region, verbose_name="区划", on_delete=models.PROTECT, to_field="identity", related_name="+"
    )
    """Only incidents in the subtree of this region are told."""
    least_severity = models.CharField(max_length=8, default="minor")
    sealed = models.TextField()
    """Address and secrets, sealed for this row alone (`incidents.channel_settings`); empty once it is removed."""
    made_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    """When a message was last delivered."""
    failing_since = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True)
    """In Chinese why the last message was not delivered; without the address."""

    class Meta:
        verbose_name = "通知渠道"
        verbose_name_plural = "通知渠道"


class Episode(About):
    """One incident from its opening to its end, as the notifier saw it, so that nobody is told of it needlessly."""

    region = models.CharField(max_length=12)
    """Code of the place's region: the village of a station."""
    severity = models.CharField(max_length=8)
    """The gravest that it has been."""
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    """When the notifier saw it first, or last saw something new in it. A channel that was told before is told again."""
    over_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["over_at"], name="episode_by_end")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "place"], condition=models.Q(over_at__isnull=True), name="episode_open_once"
            )
        ]


class Notification(models.Model):
    """A message for one channel. It stays until it is delivered, or until it is too old to be of use."""

    channel = models.ForeignKey(ChannelConfig, on_delete=models.PROTECT, related_name="notifications")
    title = models.CharField(max_length=100)
    text = models.TextField()
    is_test = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    next_at = models.DateTimeField()
    """When it is tried next."""
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=models.Q(sent_at__isnull=True, given_up_at__isnull=True),
                name="notification_waiting",
            ),
            models.Index(fields=["made_at"], name="notification_by_age"),
        ]


class Mention(models.Model):
    """The last notification that tells a channel of an episode: that it stands, or that it is over."""

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="mentions")
    channel = models.ForeignKey(ChannelConfig, on_delete=models.PROTECT, related_name="+")
    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="mentions")
    of_end = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "episode", "of_end"], name="mentioned_once")]
