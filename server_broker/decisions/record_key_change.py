"""Replace the county's record key: a fact that the old key and the new one have both signed."""

from django.db import transaction

from protocol.decisions import RecordKeyReplaced, prove_record_key
from server_broker.audit.log import record
from server_broker.decisions.stream import decide, open_stream
from server_broker.platform.home import CountyHome
from server_broker.trust.record_key import prepare_next, put_in_force


def replace_record_key(home: CountyHome, *, actor: str, reason: str, stolen: bool, witnessed: int) -> bytes:
    """Let a new record key sign from now on, and return its public key. The old one is deleted.

    Args:
        stolen: Others may have the old key.
        witnessed: The last manifest whose root stations keep; what leads to it stands, whoever has the old key.

    Raises:
        ServiceError: The old key is missing, so nobody can say who follows it.
    """
    with transaction.atomic():
        stream = open_stream(home)
        new, old = prepare_next(home), bytes(stream.record_key)
        public = new.public_key().public_bytes_raw()
        change = RecordKeyReplaced(
            old=old,
            new=public,
            proof=prove_record_key(new, county=stream.county, epoch=bytes(stream.epoch), old=old),
            stolen=stolen,
            witnessed=witnessed if stolen else 0,
        )
        entry = record(actor, "county.record_key_replaced", stream.county, {"reason": reason[:200], "stolen": stolen})
        decide(entry, change)
    put_in_force(home)
    return public
