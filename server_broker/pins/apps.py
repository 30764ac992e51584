"""Django's name for this room."""

from django.apps import AppConfig


class PinsConfig(AppConfig):
    """PINs and the numbers that people entered."""

    name = "server_broker.pins"
    verbose_name = "密码"
    default_auto_field = "django.db.models.BigAutoField"
