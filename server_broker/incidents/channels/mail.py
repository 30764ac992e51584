"""Mail by SMTP (RFC 5321), by Django's own back-end."""

import smtplib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.core.validators import validate_email

from server_broker.incidents.channels.outlet import Outlet, TimeLimit
from server_broker.incidents.channels.port import BadChannel, Channel, ChannelFailed, Message

SMTPS_PORT = 465
"""TLS from the first byte (RFC 8314, section 7.3). On other ports a password waits for STARTTLS."""
MAX_RECIPIENTS = 10


class _Line(smtplib.SMTP):
    """A connection that the limit of its delivery holds for from its first byte on."""

    def __init__(self, *args: Any, limit: TimeLimit, **settings: Any) -> None:
        self._limit = limit  # first, because smtplib connects and hears the greeting while it is made
        super().__init__(*args, **settings)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        self._limit.hold_for(line)
        return line


class _SecureLine(smtplib.SMTP_SSL, _Line):
    """The same by TLS from the first byte: smtplib wraps the socket that `_Line` opens."""


class _Backend(EmailBackend):
    """Django's, which trusts whom we trust and takes no longer than it may."""

    def __init__(self, *, context: ssl.SSLContext, limit: TimeLimit, **settings: Any) -> None:
        super().__init__(**settings)
        self._context = context
        self._limit = limit

    @property
    def connection_class(self) -> Any:
        """What opens a connection."""
        line: Any = _SecureLine if self.use_ssl else _Line
        return partial(line, limit=self._limit)

    @property
    def ssl_context(self) -> ssl.SSLContext:
        """By which certificates the server is known."""
        return self._context


@dataclass(frozen=True, slots=True)
class Mail:
    """A server that takes mail, and who gets it."""

    outlet: Outlet
    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    user: str = ""
    password: str = ""

    def deliver(self, message: Message) -> None:
        """Send one mail to all recipients."""
        with self.outlet.limited() as limit:
            self._deliver(message, limit)

    def _deliver(self, message: Message, limit: TimeLimit) -> None:
        backend = _Backend(
            context=self.outlet.trust(self.host, self.port),
            limit=limit,
            host=self.host,
            port=self.port,
            username=self.user,
            password=self.password,
            use_ssl=self.port == SMTPS_PORT,
            # A password never goes unencrypted. Without one, a relay in the county's own network may have no TLS.
            use_tls=self.port != SMTPS_PORT and bool(self.user),
            timeout=int(self.outlet.connect_s) or 1,
        )
        mail = EmailMessage(message.title, message.text, self.sender, list(self.recipients), connection=backend)
        try:
            mail.send()
        except ssl.SSLCertVerificationError as error:
            raise ChannelFailed("邮件服务器的证书不可信") from error
        except smtplib.SMTPAuthenticationError as error:
            raise ChannelFailed("邮件服务器不认登录名或授权码") from error
        except smtplib.SMTPRecipientsRefused as error:
            raise ChannelFailed("邮件服务器不收这些收件地址") from error
        except smtplib.SMTPResponseException as error:
            raise ChannelFailed(f"邮件服务器没有收，代码 {error.smtp_code}") from error
        # What smtplib raises for a line that breaks is an OSError too.
        except OSError as error:
            raise ChannelFailed("连不上邮件服务器，或者它断开了连接") from error


def mail(values: Mapping[str, str], outlet: Outlet) -> Channel:
    """Make a channel by mail.

    Raises:
        BadChannel: An address is none, or ``county.toml`` does not name the server.
    """
    host, port = outlet.server(values["server"])
    recipients = tuple(filter(None, (one.strip() for one in values["recipients"].replace("，", ",").split(","))))
    if not 1 <= len(recipients) <= MAX_RECIPIENTS:
        raise BadChannel(f"收件地址要写 1 到 {MAX_RECIPIENTS} 个")
    try:
        for address in (values["sender"], *recipients):
            validate_email(address)
    except ValidationError:
        raise BadChannel("发件地址或收件地址的写法不对") from None
    user, password = values.get("user", ""), values.get("password", "")
    if bool(user) != bool(password):
        raise BadChannel("登录名和密码要么都写，要么都空着")
    return Mail(outlet, host, port, values["sender"], recipients, user, password)
