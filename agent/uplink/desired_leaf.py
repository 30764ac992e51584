"""Read what comes on the leaf of the desired state: the document itself, or the name of a shelf index alone."""

from collections.abc import Mapping

from protocol.refusal import Refused
from protocol.twin import Desired, ShelfNamed, unseal_desired, unseal_shelf_named

MAX_NAMED_BYTES = 512
"""Of the document that names a shelf index. A desired state that is as small is told apart by its signature."""


def read_desired_leaf(payload: bytes, *, station: str, public_keys: Mapping[bytes, bytes]) -> Desired | ShelfNamed:
    """Return the document, verified.

    Raises:
        Refused: It is neither.
    """
    if len(payload) <= MAX_NAMED_BYTES:
        try:
            return unseal_shelf_named(payload, station=station, public_keys=public_keys)
        except Refused as refused:
            # A signature is for one kind of document alone, so this may still be a desired state.
            if refused.reason != "bad_signature":
                raise
    return unseal_desired(payload, station=station, public_keys=public_keys)
