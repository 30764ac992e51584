"""What a web server does before it takes its first request."""

import gc

from django.urls import get_resolver


def load_pages() -> None:
    """Load all pages, and leave what the program is made of out of the garbage collector's full rounds.

    A full round looks at every object. Those of the program never become garbage, and they are some hundred thousand:
    the round took 0.15 s, and some page had to wait for it (`gc.freeze` in Python's documentation).
    """
    get_resolver().check()
    gc.collect()
    gc.freeze()
