"""What these tests share: the county's authority, and receivers that it certifies."""

import datetime as dt
from collections.abc import Iterator

import pytest

from server_broker import trust
from server_broker.incidents.channels import Outlet
from server_broker.platform.home import CountyHome
from server_broker.trust.keys import server_certificate
from tests.server_broker.incidents.receivers import MailServer, Webhook, mail_server, webhook


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CountyHome:
    """A county's folder with its certificate authority."""
    home = CountyHome(tmp_path_factory.mktemp("authority"))
    trust.prepare(home)
    return home


@pytest.fixture
def receiver(authority: CountyHome) -> Iterator[Webhook]:
    """A receiver of webhooks on this machine."""
    files = server_certificate(authority, "web", ["localhost"], now=dt.datetime.now(dt.UTC))
    with webhook(*files) as running:
        yield running


@pytest.fixture
def letters() -> Iterator[MailServer]:
    """A server for mail on this machine."""
    with mail_server() as running:
        yield running


@pytest.fixture
def outlet(authority: CountyHome, receiver: Webhook, letters: MailServer) -> Outlet:
    """The way out of a county that names both, with little patience."""
    named = frozenset({receiver.named, letters.named})
    return Outlet(named, authority.root / "ca.pem", connect_s=1.0, total_s=0.4)
