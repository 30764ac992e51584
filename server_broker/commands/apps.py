"""Django's name for this room."""

from django.apps import AppConfig


class CommandsConfig(AppConfig):
    """Commands to stations and their outcomes."""

    name = "server_broker.commands"
    label = "orders"
    """The name of this app's tables and recorded migrations. It is older than the word command and can't change."""
    default_auto_field = "django.db.models.BigAutoField"
