"""Django's name for this room."""

from django.apps import AppConfig


class CoursesConfig(AppConfig):
    """Required packs and menus."""

    name = "server_broker.courses"
    verbose_name = "必学和选学"
    default_auto_field = "django.db.models.BigAutoField"
