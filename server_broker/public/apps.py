"""Django's name for this room."""

from django.apps import AppConfig


class PublicConfig(AppConfig):
    """The front door for telephones."""

    name = "server_broker.public"
    verbose_name = "手机入口"
    default_auto_field = "django.db.models.BigAutoField"
