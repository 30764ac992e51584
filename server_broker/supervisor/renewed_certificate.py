"""Serve a certificate of somebody else's authority, and take it anew when its files change, without a break."""

import asyncio
import datetime as dt
import logging
import ssl
from collections.abc import Callable
from pathlib import Path

from server_broker.platform.files import file_version
from server_broker.platform.home import CountyHome
from server_broker.platform.own_certificate import OwnCertificate
from server_broker.trust.own_certificate import CertificateProblem, server_context

LOOK_EVERY_S = 30.0
"""How often the files are looked at. ACME clients renew weeks before the end, so nothing hurries."""
_log = logging.getLogger(__name__)

type Judge = Callable[[dt.datetime], list[CertificateProblem]]


class RenewedCertificate:
    """Puts renewed files into the place of those that are served. Connections that are open keep what they have.

    Each pair gets a TLS context of its own, because one context would go on to offer the pair before it if that has a
    key of another kind (SSL_CTX_use_certificate(3)).
    """

    def __init__(self, home: CountyHome, own: OwnCertificate, context: ssl.SSLContext, *, judge: Judge) -> None:
        """Serve ``context`` until there is something better.

        Args:
            context: It has the pair that is served at first. A listener uses this one always.
            judge: Returns what keeps the files from being served.
        """
        self._home = home
        self._own = own
        self._judge = judge
        self.current = context
        self._served: list[tuple[Path, tuple[int, int, int]]] = []
        self._told = ""

    def follow(self, context: ssl.SSLContext, *, named_alone: bool = False) -> None:
        """Have a listener's context hand each new connection to the pair that is current then.

        Args:
            named_alone: Only connections that ask for this host (RFC 6066, section 3); others stay with ``context``.
        """

        def choose(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext) -> None:
            if not named_alone or (name or "").lower() == self._own.host.lower():
                connection.context = self.current

        context.sni_callback = choose  # called for connections that name no host, too

    def taken(self) -> None:
        """Note that the files as they are now are those that are served."""
        self._served = self._versions()

    def look(self, now: dt.datetime) -> bool:
        """Serve the files if they changed and can be served; return whether they were taken.

        Raises:
            OSError: A file went away meanwhile.
        """
        versions = self._versions()
        if versions == self._served:
            return False
        # A client writes two files one after the other. Between the two they are no pair; the next look has both.
        problems = "; ".join(problem.words for problem in self._judge(now))
        if problems:
            if problems != self._told:
                _log.warning("the files are not served: %s", problems)
            self._told = problems
            return False
        self.current = server_context(*self._own.files(self._home.root))
        self._served, self._told = versions, ""
        return True

    async def keep_looking(self, *, until: Callable[[], bool], every_s: float = LOOK_EVERY_S) -> None:
        """Look again and again until ``until`` says that it is enough."""
        while not until():
            await asyncio.sleep(every_s)
            try:
                if self.look(dt.datetime.now(dt.UTC)):
                    _log.info("the renewed certificate of %s is served now", self._own.host)
            # Files may go between two looks at them. The next look has them, and must come.
            except OSError as error:  # `ssl.SSLError` is one
                _log.warning("the certificate can't be looked at now: %s", error)

    def _versions(self) -> list[tuple[Path, tuple[int, int, int]]]:
        return [(file, file_version(file)) for file in self._own.files(self._home.root) if file.exists()]
