"""The settings that people chose, and how stations reported to take them."""

from django.db import models

from server_broker.fleet.models import Station
from server_broker.regions.models import Region


class SettingChoice(models.Model):
    """A value of a setting for every station of a region, or for one station. The nearest choice counts."""

    region = models.ForeignKey(Region, on_delete=models.CASCADE, null=True, related_name="setting_choices")
    station = models.ForeignKey(Station, on_delete=models.CASCADE, null=True, related_name="setting_choices")
    name = models.CharField(max_length=64)
    value = models.JSONField()
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    decided_fields = ("region", "station", "name", "value")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "station", "name"], nulls_distinct=False, name="choice_once"),
            models.CheckConstraint(
                condition=models.Q(region=None, station__isnull=False) | models.Q(region__isnull=False, station=None),
                name="choice_for_region_or_station",
            ),
        ]


class SettingReport(models.Model):
    """How the settings in force at a station differ from the desired ones, by its last report."""

    station = models.OneToOneField(Station, on_delete=models.CASCADE, related_name="setting_report", primary_key=True)
    unknown = models.JSONField(default=list)
    refused = models.JSONField(default=dict)
    kept = models.JSONField(default=dict)
