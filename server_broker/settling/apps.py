"""Django's name for this room."""

from django.apps import AppConfig


class SettlingConfig(AppConfig):
    """What each window of everybody came to, and from what."""

    name = "server_broker.settling"
    verbose_name = "考勤结算"
    default_auto_field = "django.db.models.BigAutoField"
