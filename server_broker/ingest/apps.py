"""Django's name for this room."""

from django.apps import AppConfig


class IngestConfig(AppConfig):
    """The way from an MQTT message to a COMMIT and its receipt."""

    name = "server_broker.ingest"
    default_auto_field = "django.db.models.BigAutoField"
