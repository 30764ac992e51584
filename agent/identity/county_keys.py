"""The keys that sign for the county, in one table for all who verify, so that a change takes effect everywhere at
once."""

from collections.abc import Iterable, Iterator, Mapping

from protocol.signing import key_id


class CountyKeys(Mapping[bytes, bytes]):
    """The county's public keys, raw Ed25519 of 32 bytes, by `protocol.signing.key_id`. Used on the core thread."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        self._keys = {key_id(key): key for key in keys}

    def replace(self, keys: Iterable[bytes]) -> bool:
        """Trust only these keys from now on; return whether that changes anything."""
        before, self._keys = self._keys, {key_id(key): key for key in keys}
        return before != self._keys

    def __getitem__(self, name: bytes) -> bytes:
        """Return the key with this `protocol.signing.key_id`.

        Raises:
            KeyError: No such key signs for the county.
        """
        return self._keys[name]

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the key ids."""
        return iter(self._keys)

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self._keys)
