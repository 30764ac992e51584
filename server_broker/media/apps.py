"""Django's name for this room."""

from django.apps import AppConfig


class MediaConfig(AppConfig):
    """Blobs of stations and of people."""

    name = "server_broker.media"
    default_auto_field = "django.db.models.BigAutoField"
