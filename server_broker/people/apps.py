"""Django's name for this room."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """The people on a village's list and the cards that name them."""

    name = "server_broker.people"
    verbose_name = "人员"
    default_auto_field = "django.db.models.BigAutoField"
