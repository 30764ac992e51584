"""Django's name for this room."""

from django.apps import AppConfig


class BundlesConfig(AppConfig):
    """Documents for stations, and what each station has of them."""

    name = "server_broker.bundles"
    verbose_name = "下发内容"
    default_auto_field = "django.db.models.BigAutoField"
