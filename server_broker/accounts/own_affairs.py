"""Nobody approves what they asked for themselves, or what is about themselves.

An account that is nobody on the county's list (`User.person` is empty) can only be told by its name. So whoever decides
about people should have an account that says who they are; the page of accounts shows where that is missing.
"""

from collections.abc import Iterable

from server_broker.accounts.models import User


class OwnAffair(Exception):
    """The decision was not taken, because it is the decider's own affair. The message is Chinese."""


def is_own_affair(actor: str, people: Iterable[int] = (), *, asked_by: str = "") -> bool:
    """Return whether a decision is the decider's own affair.

    Args:
        actor: Name of the account that decides. The county's own command line has none, and is nobody.
        people: Keys of the people (`people.Person`) that it is about, and of the one who asked for it at a station.
        asked_by: Name of the account that asked for it, if an account did.
    """
    if asked_by and asked_by.casefold() == actor.casefold():
        return True
    about = set(people)
    if asked_by:
        # Whoever got another account since is the same person.
        askers = User.objects.filter(username__iexact=asked_by, person__isnull=False)
        about.update(askers.values_list("person_id", flat=True))
    return bool(about) and User.objects.filter(username=actor, person__in=about).exists()


def refuse_own_affair(actor: str, people: Iterable[int] = (), *, asked_by: str = "") -> None:
    """Check that a decision is not the decider's own affair; the arguments are those of `is_own_affair`.

    Every function that changes somebody's card, window, post, PIN or leaving asks here.

    Raises:
        OwnAffair: It is.
    """
    if is_own_affair(actor, people, asked_by=asked_by):
        entered = asked_by and not is_own_affair(actor, people)
        raise OwnAffair("这一条是您提的，要由另一个人来定。" if entered else "这是您自己的事，要由另一个人来定。")
