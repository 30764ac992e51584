"""Django's name for this room."""

from django.apps import AppConfig


class RegionsConfig(AppConfig):
    """The tree of county, townships and villages, by the 12-digit statistical code."""

    name = "server_broker.regions"
    verbose_name = "区划"
    default_auto_field = "django.db.models.BigAutoField"
