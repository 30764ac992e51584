"""The county's bundles as a shelf offers them, in memory."""

from dataclasses import dataclass
from hashlib import sha256

from protocol.bundle_contents import Progress, Roster
from protocol.bundles import Audience, Bundle, BundleKind
from protocol.codec import encode


@dataclass(frozen=True, slots=True)
class Held:
    """A bundle of the shelf."""

    id: str
    version: int
    sha256: bytes
    bundle: Bundle


class FakeBundles:
    """Implements `agent.kiosk.county_lists.OfferedBundles`."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}

    def put(self, kind: BundleKind, content: Roster | Progress, *, name: str = "") -> None:
        """Offer a new version of a bundle."""
        ident = f"{kind}-{name}" if name else kind
        version = self._held[ident].version + 1 if ident in self._held else 1
        bundle = Bundle(
            id=ident,
            kind=kind,
            version=version,
            title=kind,
            audience=Audience(),
            not_before=0,
            not_after=2**50,
            content=encode(content),
        )
        self._held[ident] = Held(ident, version, sha256(encode(bundle)).digest(), bundle)

    def take(self, held: Held) -> None:
        """Offer what another shelf had, as after a restart."""
        self._held[held.id] = held

    def bundles(self, kind: BundleKind) -> list[Held]:
        return [held for held in self._held.values() if held.bundle.kind == kind]

    def read(self, bundle: Held) -> Bundle:
        return bundle.bundle
