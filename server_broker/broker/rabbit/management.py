"""The management API of the county's own RabbitMQ, over HTTPS: a few requests about users and connections.

https://www.rabbitmq.com/docs/4.0/management and the page ``/api/index.html`` of a node.
"""

import base64
import http.client
import json
import ssl
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from protocol.system_errors import os_cause
from server_broker.platform.own_broker import OwnBroker
from server_broker.platform.processes import ServiceError

_TIMEOUT_S = 2.0
"""A revocation has 5 s, and the first host may be the one that hangs."""


class BrokerAway(ServiceError):
    """No host answers, or the one that did refuses the request. The message is Chinese, for doctor and the alarm."""


def path_of(*parts: str) -> str:
    """Return the path of what lies below ``/api``."""
    return "/api/" + "/".join(quote(part, safe="") for part in parts)


class RabbitManagement:
    """One conversation with the first host that answers. It is a context manager."""

    def __init__(self, rabbit: OwnBroker, root: Path) -> None:
        self.rabbit = rabbit
        self._root = root
        self._open: http.client.HTTPSConnection | None = None
        self.host = ""
        """The host that answers."""

    def __enter__(self) -> "RabbitManagement":
        """Find a host that answers.

        Raises:
            ServiceError: None does, or it does not know our account; or a file of ours can't be read.
        """
        rabbit = self.rabbit
        credentials = base64.b64encode(f"{rabbit.user}:{rabbit.password(self._root)}".encode()).decode("ascii")
        self._headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        trusted = rabbit.trusted(self._root)
        trouble: list[str] = []
        for self.host in rabbit.hosts:
            self._open = http.client.HTTPSConnection(
                self.host, rabbit.management_port, timeout=_TIMEOUT_S, context=trusted
            )
            try:
                self.get("whoami")
            except BrokerAway as error:
                trouble.append(str(error))
                self._open.close()
            else:
                return self
        raise BrokerAway("；".join(trouble))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        if self._open is not None:
            self._open.close()

    def get(self, *parts: str, query: str = "") -> Any:
        """Return what is there, read from JSON; None if nothing is."""
        return self._ask("GET", path_of(*parts) + query)

    def put(self, *parts: str, value: dict[str, str]) -> None:
        """Make it as ``value`` says, whether it was there or not."""
        self._ask("PUT", path_of(*parts), value)

    def delete(self, *parts: str) -> None:
        """Make sure that it is not there."""
        self._ask("DELETE", path_of(*parts))

    def _ask(self, method: str, path: str, value: dict[str, str] | None = None) -> Any:
        assert self._open is not None
        where = f"https://{self.host}:{self.rabbit.management_port}"
        try:
            self._open.request(method, path, json.dumps(value) if value is not None else None, self._headers)
            response = self._open.getresponse()
            text = response.read()
        except ssl.SSLCertVerificationError as error:
            raise BrokerAway(f"{where} 的证书不能信任：{error.verify_message}") from error
        except OSError as error:
            raise BrokerAway(f"{where} 不回答：{os_cause(error)}") from error
        except http.client.HTTPException as error:
            raise BrokerAway(f"{where} 不是 RabbitMQ 的管理接口") from error
        if response.status == http.HTTPStatus.NOT_FOUND:
            return None
        if response.status == http.HTTPStatus.UNAUTHORIZED:
            raise BrokerAway(f"{where} 不认账号 {self.rabbit.user} 或它的口令")
        if response.status >= http.HTTPStatus.BAD_REQUEST:
            raise BrokerAway(f"{where} 拒绝 {method} {path}：{response.status} {_reason(text)}")
        try:
            return json.loads(text) if text else None
        except ValueError as error:
            raise BrokerAway(f"{where} 不是 RabbitMQ 的管理接口") from error


def _reason(text: bytes) -> str:
    return " ".join(text.decode("utf-8", errors="replace").split())[:200]
