"""The county's web as it runs: uvicorn over TLS with a certificate of the county CA, on the test database."""

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.core.management import call_command
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Browser

from firmware_scripts.pictures.console import chromium
from server_broker import trust
from server_broker.platform.home import CountyHome
from server_broker.supervisor.web import web_config
from server_broker.trust.keys import server_certificate
from tests.server_broker.web_in_thread import web_on_a_port


class OneChromium:
    """The Chromium of all modules here. Playwright's loop runs in this thread meanwhile, which Django would refuse."""

    def __init__(self) -> None:
        self._running: tuple[Browser, ExitStack] | None = None

    def started(self) -> Browser:
        """Return it, and start it if it does not run."""
        if self._running is None:
            with ExitStack() as stack:
                stack.enter_context(pytest.MonkeyPatch.context()).setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
                self._running = stack.enter_context(chromium()), stack.pop_all()
        return self._running[0]

    def end(self) -> None:
        """End it if it runs."""
        if self._running is not None:
            self._running[1].close()
            self._running = None


@pytest.fixture(scope="package")
def one_chromium() -> Iterator[OneChromium]:
    one = OneChromium()
    yield one
    one.end()


@pytest.fixture(scope="module")
def browser(one_chromium: OneChromium) -> Iterator[Browser]:
    """A Chromium without pages at the beginning of each module."""
    running = one_chromium.started()
    yield running
    for context in running.contexts:
        context.close()


@pytest.fixture(scope="module")
def no_browser(one_chromium: OneChromium) -> None:
    """For whoever starts a Playwright of its own: a thread can run only one."""
    one_chromium.end()


@pytest.fixture(scope="module")
def web(county_cluster: CountyHome, django_db_setup: None) -> Iterator[str]:
    """The address of a running web; it opens a database connection for each request, so that none outlives it."""
    home = county_cluster
    trust.prepare(home)
    certificate, key = server_certificate(home, "web", ["127.0.0.1"], now=timezone.now().astimezone(dt.UTC))
    call_command("collectstatic", interactive=False, verbosity=0)
    connections.settings["default"]["CONN_MAX_AGE"] = 0
    config = web_config("server_broker.asgi:application", certificate, key, host="127.0.0.1", port=0)
    with web_on_a_port(config) as port:
        yield f"https://127.0.0.1:{port}/"
