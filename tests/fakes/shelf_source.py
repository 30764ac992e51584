"""A county that has bundles, in memory: implements `agent.shelf.source.Source` for a station's shelf."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import UNSET

from agent.shelf.source import Bounds, NotGiven, Unreachable, Wanted
from protocol.bundle_contents import Notice, Notices
from protocol.bundles import Audience, Bundle, BundleKind, Item, encode_bundle
from protocol.codec import decode, encode
from protocol.finding import FindEntry
from protocol.shelf_index import Access, IndexEntry, ShelfIndex
from protocol.signing import seal
from protocol.twin import NotWhole, ShelfRef

FAR = 2_000_000_000_000


class ShelfCounty:
    """Publishes bundles for one station, and hands out their files."""

    def __init__(self, key: Ed25519PrivateKey, station: str) -> None:
        self.key = key
        self._station = station
        self._version = 0
        self.files: dict[tuple[str, bytes], bytes] = {}
        """By kind of file and hash: bundles and indexes as `protocol.signing.Signed`, items as they are."""
        self.entries: dict[str, IndexEntry] = {}
        self.asked: list[Wanted] = []
        self.bounds: list[Bounds] = []
        self.reachable = True
        self.breaks_after: list[int] = []
        """After how many bytes of the next files the line breaks."""
        self.denied: dict[bytes, NotWhole] = {}
        """Why a file is not given."""
        self.spent_bytes = 0

    def item(self, name: str, content: bytes) -> Item:
        """Publish a file, and return the item that names it."""
        self.files["items", sha256(content).digest()] = content
        return Item(name=name, sha256=sha256(content).digest(), size=len(content), media_type="image/jpeg")

    def publish(
        self,
        name: str,
        version: int,
        content: bytes = b"",
        *,
        kind: BundleKind | None = None,
        items: list[Item] | None = None,
        not_before: int = 0,
        not_after: int = FAR,
        access: Access = "public",
        night: bool = False,
        audience: Audience = Audience(),  # noqa: B008 -- immutable
        key: Ed25519PrivateKey | None = None,
        find: list[FindEntry] | None = None,
    ) -> IndexEntry:
        """Publish a bundle in the place of its version before; `index` announces it.

        Args:
            kind: If it is left out, content may be any bytes, because no part of a station reads such a kind.
        """
        kind = kind or ("poll" if content else "library")
        bundle = Bundle(
            id=name,
            kind=kind,
            version=version,
            title=name,
            audience=audience,
            not_before=not_before,
            not_after=not_after,
            items=items or [],
            content=content,
            find=UNSET if find is None else find,
        )
        return self.offer(encode_bundle(bundle), access=access, night=night, key=key)

    def offer(
        self, payload: bytes, *, access: Access = "public", night: bool = False, key: Ed25519PrivateKey | None = None
    ) -> IndexEntry:
        """Publish an encoded bundle in the place of its version before; `index` announces it."""
        bundle = decode(payload, Bundle, limit=len(payload))
        self.files["bundles", sha256(payload).digest()] = seal(key or self.key, "cunhui bundle 1", payload)
        self.entries[bundle.id] = IndexEntry(
            id=bundle.id,
            kind=bundle.kind,
            version=bundle.version,
            sha256=sha256(payload).digest(),
            size=len(payload),
            not_after=bundle.not_after,
            access=access,
            night=night,
        )
        return self.entries[bundle.id]

    def notice(self, name: str, version: int, *lines: str, not_after: int = FAR, urgent: bool = False) -> IndexEntry:
        """Publish a ``notices`` bundle."""
        notices = [Notice(id=line, line=line, not_after=not_after, urgent=urgent) for line in lines]
        return self.publish(name, version, encode(Notices(notices=notices)), kind="notices", not_after=not_after)

    def withdraw(self, name: str) -> None:
        """Announce a bundle no more."""
        del self.entries[name]

    def index(self, *, key: Ed25519PrivateKey | None = None, station: str = "", version: int = 0) -> ShelfRef:
        """Publish the index of what is announced now, and return its name."""
        self._version = version or self._version + 1
        index = ShelfIndex(station=station or self._station, version=self._version, bundles=list(self.entries.values()))
        payload = encode(index)
        self.files["bundles", sha256(payload).digest()] = seal(key or self.key, "cunhui index 1", payload)
        return ShelfRef(version=self._version, sha256=sha256(payload).digest(), size=len(payload))

    def fetch(self, wanted: Wanted, *, into: Path, bounds: Bounds) -> None:
        """Hand out a file, as the county's HTTPS service and an errand do together."""
        self.asked.append(wanted)
        self.bounds.append(bounds)
        if not self.reachable:
            raise Unreachable("no line")
        if wanted.sha256 in self.denied:
            raise NotGiven(self.denied[wanted.sha256], "denied")
        content = self.files.get((wanted.kind, wanted.sha256))
        if content is None:
            raise NotGiven("not_found", "the county answered 404")
        here = into.stat().st_size if into.exists() else 0
        breaks = self.breaks_after.pop(0) if self.breaks_after else None
        content = content[: wanted.size]
        part = content[here:] if breaks is None else content[here : here + breaks]
        self.spent_bytes += len(part)
        with into.open("ab") as file:
            file.write(part)
        if breaks is not None and here + breaks < len(content):
            raise Unreachable("the line broke")
        if wanted.kind == "items" and sha256(into.read_bytes()).digest() != wanted.sha256:
            into.unlink()
            raise NotGiven("wrong_hash", "another file")

    @contextmanager
    def opened(self) -> Iterator["ShelfCounty"]:
        """Open the way to this county for one trip."""
        yield self
