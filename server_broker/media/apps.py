"""Django's name for this room."""

from django.apps import AppConfig


class MediaConfig(AppConfig):
    """Blobs from stations: pictures and logs that arrive in pieces and are deleted after 90 days."""

    name = "server_broker.media"
    default_auto_field = "django.db.models.BigAutoField"
