"""Before its first request a web server has all pages, and the collector leaves them alone."""

import gc
import sys

from server_broker.supervisor.warm import load_pages


def test_pages_are_loaded_and_left_out_of_full_rounds() -> None:
    before = gc.get_freeze_count()
    try:
        load_pages()
        assert "server_broker.console.views.presence" in sys.modules
        assert gc.get_freeze_count() > before + 10_000
    finally:
        gc.unfreeze()
