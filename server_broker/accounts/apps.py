"""Django's name for this room."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Who may sign in to the county service, with which role and over which part of the county."""

    name = "server_broker.accounts"
    verbose_name = "账号"
    default_auto_field = "django.db.models.BigAutoField"
