"""Django's name for this room."""

from django.apps import AppConfig


class GuardConfig(AppConfig):
    """What must not be published."""

    name = "server_broker.guard"
    verbose_name = "公示把关"
    default_auto_field = "django.db.models.BigAutoField"
