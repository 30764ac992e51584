"""A county of a proof's own: a folder for Django's settings, and a private PostgreSQL cluster in it."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server_broker.platform.home import CountyHome

MEMORY = Path("/dev/shm")


def temporary(name: str, *, in_memory: bool = True) -> tempfile.TemporaryDirectory[str]:
    """Return a folder in memory, if there is one. What a power cut leaves is another proof's matter."""
    return tempfile.TemporaryDirectory(prefix=f"{name}-", dir=MEMORY if in_memory and MEMORY.is_dir() else None)


@contextmanager
def county_home(name: str, *, in_memory: bool = True) -> Iterator["CountyHome"]:
    """Set up a folder and Django for it. Django's settings are read here for the first time in this process."""
    with temporary(name, in_memory=in_memory) as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "static").mkdir()
        os.environ |= {"CUNHUI_HOME": made, "DJANGO_SETTINGS_MODULE": "server_broker.settings"}
        import django  # noqa: PLC0415 - the settings must be named before

        django.setup()
        logging.getLogger().setLevel(logging.ERROR)
        from server_broker.platform.home import CountyHome  # noqa: PLC0415

        yield CountyHome(folder)


@contextmanager
def private_cluster(home: "CountyHome", *, one_by_one: bool = False) -> Iterator[None]:
    """Keep a migrated database up for the context, and delete it in the end.

    Args:
        one_by_one: Whether each migration is applied, as in a county of an earlier version.
    """
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from server_broker import postgres  # noqa: PLC0415

    postgres.start(home)
    try:
        call_command("migrate", verbosity=0, one_by_one=one_by_one)
        yield
    finally:
        connection.close()
        postgres.destroy(home)
