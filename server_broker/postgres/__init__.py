"""The private PostgreSQL cluster of a county. A county may use another database instead.

The cluster listens only on a unix socket in the county's folder. It takes the connecting account's name from the kernel
(``peer``) and lets in only the service's own account and ``postgres``.
"""

from server_broker.postgres.control import destroy, is_ready, make_database, pid, program, start, stop, wait_ready
from server_broker.postgres.folder import prepare

__all__ = ["destroy", "is_ready", "make_database", "pid", "prepare", "program", "start", "stop", "wait_ready"]
