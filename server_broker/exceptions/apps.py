"""Django's name for this room."""

from django.apps import AppConfig


class ExceptionsConfig(AppConfig):
    """What is worth an officer's look."""

    name = "server_broker.exceptions"
    verbose_name = "值得一看"
    default_auto_field = "django.db.models.BigAutoField"
