"""Django's name for this room."""

from django.apps import AppConfig


class AttendanceConfig(AppConfig):
    """Touches and duty windows."""

    name = "server_broker.attendance"
    verbose_name = "值班"
    default_auto_field = "django.db.models.BigAutoField"
