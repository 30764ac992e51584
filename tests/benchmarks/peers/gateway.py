"""A contender: ThingsBoard's IoT gateway.

Sources, read for version 3.8.5: https://thingsboard.io/docs/iot-gateway/config/general/ (storage ``sqlite`` is the one
that survives a restart and has transactions; ``messages_ttl_in_days`` is how long it keeps messages that could not be
sent; ``qos`` 1), and for ``remoteConfiguration`` https://github.com/thingsboard/thingsboard-gateway/issues/2124: if it
is on, the SQLite storage is made anew at every reconnect. A REST connector takes the facts. Its HTTP answer is the one
acknowledgement that the gateway gives to a device. The gateway writes to its storage after that answer, in a thread
that begins only once the platform has been reached (``tb_gateway_service.py``), with ``synchronous=NORMAL``
(``storage/sqlite/database_connector.py``), which no setting changes.

The gateway uses ThingsBoard's topics. The bench's subscriber answers ``getSessionLimits`` as the platform does, without
limits. The platform itself would merge messages of the same device, key and millisecond into one; here they are counted
as they arrive.
"""

import http.client
import json
import sys
from collections import Counter
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from firmware_scripts.demo.processes import Process
from tests.benchmarks.peers.contender import ANSWER_WITHIN_S, Contender, Outcome
from tests.benchmarks.peers.county_side import Credentials, free_port

FOLDER = Path(".venv-peers")
_PROGRAM = FOLDER / "bin" / "thingsboard-gateway"
_DEVICE = "station"
_CONNECTOR_ID = "5f0c2a9e-0000-4000-8000-00000000fac7"
"""Without this id the gateway writes its connector's file anew when it first starts, and does not sync it."""


class Gateway(Contender):
    """One gateway with one connector."""

    name = "thingsboard-gateway"
    configured = (
        "storage sqlite, kept 30 days, qos 1, remoteConfiguration off; acknowledged: HTTP 200 of its REST connector"
    )

    def __init__(
        self,
        folder: Path,
        *,
        broker_port: int,
        credentials: Credentials,
        log: Path,
        stored: Callable[[], Counter[str]],
    ) -> None:
        """``folder`` is on the disk that is measured; the gateway's log is not."""
        self.version = installed_version()
        self._stored = stored
        self._port = free_port()
        self._write(folder, broker_port, credentials)
        environment = {"TB_GW_CONFIG_DIR": f"{folder}/config", "PYTHONDONTWRITEBYTECODE": "1"}
        super().__init__(Process(self.name, [str(_PROGRAM.absolute())], log=log, env=environment, cwd=folder))

    def _write(self, folder: Path, broker_port: int, credentials: Credentials) -> None:
        config = folder / "config"
        config.mkdir(parents=True)
        (folder / "data").mkdir()
        files = {
            "tb_gateway.json": _general(folder, broker_port, credentials),
            "rest.json": _connector(self._port),
            "logs.json": _LOGS,
        }
        for name, content in files.items():
            (config / name).write_text(json.dumps(content, indent=2), encoding="utf-8")

    def present(self, fact: str) -> Outcome:
        """Post a fact."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_WITHIN_S)
        try:
            connection.connect()
        except OSError:
            return "nobody"
        try:
            connection.request("POST", "/facts", json.dumps({"fact": fact}), {"Content-Type": "application/json"})
            return "acknowledged" if connection.getresponse().status == 200 else "heard"
        except (OSError, http.client.HTTPException):
            return "heard"
        finally:
            connection.close()

    def stored(self) -> Counter[str]:
        return self._stored()

    def close(self) -> None:
        """There is nothing to close: each fact has a connection of its own."""


def installed_version() -> str:
    """Return the version that is installed in its own environment."""
    library = FOLDER / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (found,) = metadata.distributions(name="thingsboard-gateway", path=[str(library)])
    return found.version


def _general(folder: Path, broker_port: int, credentials: Credentials) -> dict[str, object]:
    return {
        "thingsboard": {
            "host": "127.0.0.1",
            "port": broker_port,
            "remoteShell": False,
            "remoteConfiguration": False,
            "security": {
                "type": "x509Certificate",
                "caCert": str(credentials.ca),
                "cert": str(credentials.certificate),
                "privateKey": str(credentials.key),
            },
            "qos": 1,
        },
        "storage": {
            "type": "sqlite",
            "data_file_path": f"{folder}/data/",
            "messages_ttl_check_in_hours": 1,
            "messages_ttl_in_days": 30,
            "max_read_records_count": 1000,
        },
        "grpc": {"enabled": False},
        "connectors": [{"type": "rest", "name": "Facts", "configuration": "rest.json"}],
    }


def _connector(port: int) -> dict[str, object]:
    return {
        "name": "Facts",
        "id": _CONNECTOR_ID,
        "logLevel": "ERROR",
        "server": {"host": "127.0.0.1", "port": str(port), "SSL": False},
        "mapping": [
            {
                "endpoint": "/facts",
                "HTTPMethods": ["POST"],
                "security": {"type": "anonymous"},
                "converter": {
                    "type": "json",
                    "deviceInfo": {
                        "deviceNameExpressionSource": "constant",
                        "deviceNameExpression": _DEVICE,
                        "deviceProfileExpressionSource": "constant",
                        "deviceProfileExpression": "default",
                    },
                    "attributes": [],
                    "timeseries": [{"type": "string", "key": "fact", "value": "${fact}"}],
                },
            }
        ],
        "requestsMapping": {},
    }


_LOGGERS = ("service", "storage", "tb_connection", "connector", "converter", "extension")
_LOGS = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "level": "INFO"}},
    "loggers": {name: {"handlers": ["console"], "level": "INFO", "propagate": False} for name in _LOGGERS},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
