"""Django's name for the data tables under /admin/."""

from django.contrib.admin.apps import AdminConfig


class TablesConfig(AdminConfig):
    """Django's admin, with `TablesSite` as its site."""

    default_site = "server_broker.console.admin_site.TablesSite"
