"""Tell for a folder of evidence which facts of stations may be without content: those that the county said it erased.

A fact says what it is only in its content. So that a blank one was a visit and no touch, only the county's signed word
says; a reader sees how many facts were erased as what.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from protocol.decisions import FactsErased
from server_broker.manifest.replay import Decided
from server_broker.retention.erasures import digest_of
from server_broker.retention.keeping_kinds import FactsEnd
from server_broker.retention.keepings import keeping

type Seqs = Sequence[int]
type Told = Counter[tuple[str, int, bytes]]
"""What the county's stream says was erased: as what, how many facts, and the digest."""


def told_in(found: Decided) -> Told:
    """Return what the county's stream says was erased by a rule that there is."""
    said = (fact.what for _, _, fact in found.facts if isinstance(fact.what, FactsErased))
    return Counter((one.holding, one.facts, one.digest) for one in said if isinstance(keeping(one.holding), FactsEnd))


@dataclass(slots=True)
class Erasures:
    """The erasures that one station's file names."""

    told: Told
    _of: dict[tuple[bytes, int], int] = field(default_factory=dict)
    _named: list[tuple[bytes, str, Seqs]] = field(default_factory=list)
    _digests: dict[tuple[bytes, int], bytes] = field(default_factory=dict)

    def name(self, epoch: bytes, holding: str, seqs: Seqs) -> None:
        """Add an erasure."""
        for seq in seqs:
            self._of[epoch, seq] = len(self._named)
        self._named.append((epoch, holding, seqs))

    def problem_of(self, epoch: bytes, seq: int, digest: bytes, *, is_blank: bool) -> str:
        """Return in Chinese why a fact may not be as it is; empty if it may."""
        is_named = (epoch, seq) in self._of
        if is_named:
            self._digests[epoch, seq] = digest
        if is_blank == is_named:
            return ""
        return "内容不见了，没有到期清除的记录" if is_blank else "写着已清除，内容却还在"

    def first_untold(self) -> tuple[int, str] | None:
        """Return the first fact of an erasure of which the county's stream does not say that, and why."""
        for epoch, holding, seqs in self._named:
            digest = digest_of((seq, self._digests.get((epoch, seq), b"")) for seq in seqs)
            if not seqs or not self.told[holding, len(seqs), digest]:
                return min(seqs, default=0), f"它的清除（{holding}）在县记录链里没有这样的决定"
        return None

    def counts(self) -> dict[str, int]:
        """Return how many facts were erased, by holding."""
        found: Counter[str] = Counter()
        for _, holding, seqs in self._named:
            found[holding] += len(seqs)
        return dict(found)
