"""Django's name for this room."""

from django.apps import AppConfig


class DatedConfig(AppConfig):
    """Dated rows: what holds from when to when, and since when the county knows it. Nothing in them is overwritten."""

    name = "server_broker.dated"
    verbose_name = "有期限的记录"
    default_auto_field = "django.db.models.BigAutoField"
