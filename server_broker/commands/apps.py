"""Django's name for this room."""

from django.apps import AppConfig


class CommandsConfig(AppConfig):
    """Commands to stations and what became of them."""

    name = "server_broker.commands"
    label = "orders"
    """Tables and migrations are stored under it."""
    default_auto_field = "django.db.models.BigAutoField"
