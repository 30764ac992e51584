"""The names that turns and their reasons need: of people, posts, windows and villages."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from server_broker.accounts.scope import Viewer, regions_of
from server_broker.attendance.models import DutyWindow
from server_broker.duty.due import Turn
from server_broker.duty.reasons import ByPost, HandedOver, Overlaps, TookOver
from server_broker.duty.words import why_not, why_sentence, words_of
from server_broker.people.models import Person, Post
from server_broker.regions.models import Region


@dataclass(frozen=True, slots=True)
class Names:
    """Names by their keys; of villages, by their identities, the codes too."""

    people: dict[int, str]
    posts: dict[int, str]
    windows: dict[int, str]
    villages: dict[int, str]
    codes: dict[int, str]
    """Of the villages."""

    def why(self, turn: Turn) -> str:
        """Return in one sentence to the person why they are due, or not."""
        words = why_sentence if turn.due else why_not
        return words(turn.why, people=self.people, posts=self.posts, windows=self.windows)

    def why_briefly(self, turn: Turn) -> str:
        """Return to an officer why the person is due, or not."""
        return "，".join(words_of(one, people=self.people, posts=self.posts, windows=self.windows) for one in turn.why)


def names_in(turns: Sequence[Turn], viewer: Viewer | None = None) -> Names:
    """Return the names that these turns need.

    Args:
        viewer: Who reads them, and so only names of the regions that they see; None: the person of the turns, because
            the two of a swap know one another.
    """
    found: dict[type, set[int]] = defaultdict(set)
    for turn in turns:
        for reason in turn.why:
            match reason:
                case TookOver(other) | HandedOver(other):
                    found[Person].add(other)
                case ByPost(other):
                    found[Post].add(other)
                case Overlaps(other):
                    found[DutyWindow].add(other)
    people = Person.objects.filter(pk__in=found[Person])
    if viewer is not None:
        people = people.filter(village__in=regions_of(viewer))
    rows = Region.objects.filter(identity__in={turn.window.village for turn in turns})
    villages = list(rows.values_list("identity", "name", "code"))
    return Names(
        dict(people.values_list("pk", "name")),
        dict(Post.objects.filter(pk__in=found[Post]).values_list("pk", "title")),
        dict(DutyWindow.ever.filter(pk__in=found[DutyWindow]).values_list("pk", "name")),
        {identity: name for identity, name, _ in villages},
        {identity: code for identity, _, code in villages},
    )
