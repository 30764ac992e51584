"""Django's name for this room."""

from django.apps import AppConfig


class ApiTokensConfig(AppConfig):
    """The tokens of the county's API."""

    name = "server_broker.api_tokens"
    verbose_name = "接口令牌"
    default_auto_field = "django.db.models.BigAutoField"
