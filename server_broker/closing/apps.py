"""Django's name for this room."""

from django.apps import AppConfig


class ClosingConfig(AppConfig):
    """A village's sheet of a month: shown, closed, and what changes afterwards."""

    name = "server_broker.closing"
    verbose_name = "月考勤定稿"
    default_auto_field = "django.db.models.BigAutoField"
