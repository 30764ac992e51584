"""COMMITs that wait for the disk."""

from django.db import connection

_WAIT_FOR_THE_DISK = """
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""
"""Only 'off' is changed: a county's own server may be set to wait for more than its own disk ('remote_apply')."""


def wait_for_the_disk() -> None:
    """Have each COMMIT of this connection wait for the disk.

    A station no longer sends the facts that the county says to have, and later erases them. So they must not be lost
    here if the power fails a moment later.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WAIT_FOR_THE_DISK)
