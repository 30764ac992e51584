"""Django's name for this room."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The pages that officers and operators work with."""

    name = "server_broker.console"
    default_auto_field = "django.db.models.BigAutoField"
