"""Django's name for this room."""

from django.apps import AppConfig


class TwinConfig(AppConfig):
    """What is set for stations, and what they report of it."""

    name = "server_broker.twin"
    label = "tuning"
    """Tables and migrations are stored under it."""
    default_auto_field = "django.db.models.BigAutoField"
