"""Django's name for this room."""

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """The switches for what burdens people."""

    name = "server_broker.compliance"
    verbose_name = "合规开关"
    default_auto_field = "django.db.models.BigAutoField"
