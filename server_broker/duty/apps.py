"""Django's name for this room."""

from django.apps import AppConfig


class DutyConfig(AppConfig):
    """Who is due, and who is away."""

    name = "server_broker.duty"
    verbose_name = "应到"
    default_auto_field = "django.db.models.BigAutoField"
