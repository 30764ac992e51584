"""Django's name for this room."""

from django.apps import AppConfig


class MediaConfig(AppConfig):
    """Blobs from stations: stills that come in pieces and are kept for a time."""

    name = "server_broker.media"
    default_auto_field = "django.db.models.BigAutoField"
