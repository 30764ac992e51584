"""Before its first request a web server has all pages, and the collector leaves them alone."""

import subprocess
import sys

# In a process of its own: in that of the tests other ones have loaded and frozen most of the program before.
_WARMED = """
import gc
import sys
import django
django.setup()
from server_broker.supervisor.warm import load_pages
before = gc.get_freeze_count()
load_pages()
print("server_broker.console.views.presence" in sys.modules, gc.get_freeze_count() - before)
"""


def test_pages_are_loaded_and_left_out_of_full_rounds() -> None:
    done = subprocess.run([sys.executable, "-c", _WARMED], capture_output=True, text=True, check=True)
    loaded, frozen = done.stdout.split()
    assert loaded == "True"
    assert int(frozen) > 10_000
