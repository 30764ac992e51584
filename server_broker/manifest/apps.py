"""Django's name for this room."""

from django.apps import AppConfig


class ManifestConfig(AppConfig):
    """Daily manifests and the check of the record."""

    name = "server_broker.manifest"
    verbose_name = "每日总账"
    default_auto_field = "django.db.models.BigAutoField"
