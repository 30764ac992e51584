"""Nobody decides on their own card, window, post or leaving. Every function that changes one of these asks here."""

from collections.abc import Iterable

from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import OwnAffair, refuse_own_affair
from server_broker.people.models import Person

__all__ = ["OwnAffair", "own_affairs", "refuse_own"]


def own_affairs(actor: str, people: Iterable[int]) -> None:
    """Refuse if the account ``actor`` belongs to one of these people (ids). The county's own command line is nobody.

    Raises:
        OwnAffair: Somebody else must do it.
    """
    account = User.objects.filter(username=actor).first()
    if account is not None:
        refuse_own_affair(account, people=set(people))


def refuse_own(actor: str, *people: Person | None) -> None:
    """As `own_affairs`, for people at hand."""
    own_affairs(actor, (person.pk for person in people if person is not None))
