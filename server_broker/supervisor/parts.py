"""The parts of a running county, in the order in which they start."""

import http.client
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server_broker import broker, postgres
from server_broker.platform.county_config import CountyConfig
from server_broker.platform.front_door import FrontDoor
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import Program
from server_broker.trust.keys import dropped_hosts

PACKAGE_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Part:
    """One process of the service.

    Attributes:
        name: Its pid file and its log have this name too.
        program: Returns the program to run; called again at each start.
        is_ready: Tells whether it works now. The call may take a second.
        stop_signal: The signal on which it ends cleanly.
    """

    name: str
    program: Callable[[], Program]
    is_ready: Callable[[], bool]
    stop_signal: signal.Signals = signal.SIGTERM


def python_program(home: CountyHome, config: CountyConfig, module: str) -> Program:
    """Return the program that runs one of our Python modules for this county."""
    environment = {
        "CUNHUI_HOME": str(home.root),
        "CUNHUI_HOSTS": ",".join([*config.console_hosts, *dropped_hosts(home, config.console_hosts)]),
        "CUNHUI_PART": module.rpartition(".")[2].replace("_", "-"),  # its log lines say so
        "CUNHUI_FRONT_DOOR": config.front_door.address if config.front_door else "",
        "DJANGO_SETTINGS_MODULE": "server_broker.settings",
        "MALLOC_ARENA_MAX": "2",  # glibc gives threads heaps of their own, up to 8 a core, and keeps what they grew to
        "PYTHONPATH": str(PACKAGE_ROOT),
        "PYTHONUNBUFFERED": "1",
    }
    return Program([sys.executable, "-P", "-m", module], home.root, environment=environment)


def postgres_part(home: CountyHome) -> Part:
    """Return the private postgres."""
    return Part(
        "postgres",
        lambda: postgres.program(home),
        lambda: postgres.is_ready(home, database="postgres", role="postgres"),
        signal.SIGINT,  # fast shutdown; by SIGTERM it would wait until the last client is gone
    )


def service_parts(home: CountyHome, config: CountyConfig) -> list[Part]:
    """Return all parts in the order of their start. Without PostgreSQL and Mosquitto if the county has its own."""
    # Ingest, chores and the notifier count as ready at once, because they wait for database and broker by themselves.
    mosquitto = Part("mosquitto", lambda: broker.program(home), lambda: broker.is_ready(home))
    return [
        *([] if config.database else [postgres_part(home)]),
        *([] if config.broker else [mosquitto]),
        Part("ingest", lambda: python_program(home, config, "server_broker.ingest"), lambda: True),
        Part("chores", lambda: python_program(home, config, "server_broker.supervisor.chores"), lambda: True),
        Part("notifier", lambda: python_program(home, config, "server_broker.supervisor.notifier"), lambda: True),
        Part(
            "web",
            lambda: python_program(home, config, "server_broker.supervisor.web"),
            lambda: web_answers(home, config),
        ),
        *([front_door_part(home, config)] if config.front_door else []),
    ]


def front_door_part(home: CountyHome, config: CountyConfig) -> Part:
    """Return the server for telephones. It counts as ready at once, because a bad certificate keeps only it down."""
    program = "server_broker.supervisor.front_door"
    return Part("front-door", lambda: python_program(home, config, program), lambda: True)


def front_door_answers(front_door: FrontDoor, *, timeout_s: float = 1.0) -> bool:
    """Tell whether the front door completes a TLS handshake. Whether its certificate is good is judged by its files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", front_door.port), timeout=timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=front_door.host),
        ):
            return True
    except OSError:
        return False


def web_answers(home: CountyHome, config: CountyConfig, *, timeout_s: float = 2.0) -> bool:
    """Tell whether the web server answers a request, with a certificate of the county CA.

    A handshake alone would not do: a program that can't begin to work still makes one.
    """
    try:
        trusted = ssl.create_default_context(cafile=str(home.root / "ca.pem"))
    except OSError:
        return False  # without the authority's certificate no answer is believed
    web = http.client.HTTPSConnection("127.0.0.1", config.web_port, timeout=timeout_s, context=trusted)
    try:
        web.request("GET", "/healthz", headers={"Host": config.host})
        return web.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        web.close()
