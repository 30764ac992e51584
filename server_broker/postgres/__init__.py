"""The private PostgreSQL cluster that a county runs on unless it is given another.

It listens on one unix socket in the county's folder and nowhere else, and believes the kernel about who
connects (``peer``): only the service's own account and ``postgres`` are let in.
"""

from server_broker.postgres.control import destroy, is_ready, make_database, pid, program, start, stop, wait_ready
from server_broker.postgres.folder import prepare

__all__ = ["destroy", "is_ready", "make_database", "pid", "prepare", "program", "start", "stop", "wait_ready"]
