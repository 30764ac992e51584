"""Django's name for this room."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """What needs a person, and the messages about it."""

    name = "server_broker.incidents"
    verbose_name = "需要处理"
    default_auto_field = "django.db.models.BigAutoField"
