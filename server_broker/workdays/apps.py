"""Django's name for this room."""

from django.apps import AppConfig


class WorkdaysConfig(AppConfig):
    """The county's calendar."""

    name = "server_broker.workdays"
    verbose_name = "工作日历"
    default_auto_field = "django.db.models.BigAutoField"
