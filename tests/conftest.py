"""What every test shares: an own county folder, named before Django's settings are first read.

pytest-django reads the settings named in pyproject.toml before this file, so they are named here instead.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import pytest

COUNTY_FOLDER = Path(tempfile.mkdtemp(prefix="cunhui-", dir="/tmp"))
os.environ["CUNHUI_HOME"] = str(COUNTY_FOLDER)
os.environ["DJANGO_SETTINGS_MODULE"] = "server_broker.settings"
os.environ.pop("CUNHUI_DATABASE_URL", None)


def pytest_configure(config: pytest.Config) -> None:
    django.setup()


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(COUNTY_FOLDER, ignore_errors=True)


@contextmanager
def short_folder() -> Iterator[Path]:
    """A temporary folder with a path short enough for unix sockets (unix(7): 107 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix="ch-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
