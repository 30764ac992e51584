"""Django's name for this room."""

from django.apps import AppConfig


class FleetConfig(AppConfig):
    """The stations: who they are, what they last reported, and how far the county has each of their streams."""

    name = "server_broker.fleet"
    verbose_name = "站点"
    default_auto_field = "django.db.models.BigAutoField"
