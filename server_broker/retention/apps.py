"""Django's name for this room."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """What is kept how long, and the record of what was erased."""

    name = "server_broker.retention"
    verbose_name = "保存期限"
    default_auto_field = "django.db.models.BigAutoField"
