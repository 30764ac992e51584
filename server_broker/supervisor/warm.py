"""What a web server does before it takes its first request."""

from django.urls import get_resolver

from server_broker.platform.garbage import spare_program


def load_pages() -> None:
    """Load all pages, and leave what the program is made of out of the garbage collector's full rounds."""
    get_resolver().check()
    spare_program()
