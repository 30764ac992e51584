"""Django's name for this room."""

from django.apps import AppConfig


class TuningConfig(AppConfig):
    """What is set for stations, and what they report of it."""

    name = "server_broker.tuning"
    default_auto_field = "django.db.models.BigAutoField"
