"""The app of the data tables under /admin/. Django loads it before any model, so the site is named, not imported."""

from django.contrib.admin.apps import SimpleAdminConfig


class TablesConfig(SimpleAdminConfig):
    """Django's admin with `TablesSite` as its site.

    The addresses of the web load the tables, not each process with Django: they bring the whole console with them.
    """

    default_site = "server_broker.console.admin_site.TablesSite"
