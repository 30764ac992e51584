"""Django's name for this room."""

from django.apps import AppConfig


class EditingConfig(AppConfig):
    """Question banks in the making."""

    name = "server_broker.editing"
    verbose_name = "题库编写"
    default_auto_field = "django.db.models.BigAutoField"
