"""Django's name for this room."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The append-only, hash-chained record of what people and the service did."""

    name = "server_broker.audit"
    default_auto_field = "django.db.models.BigAutoField"
