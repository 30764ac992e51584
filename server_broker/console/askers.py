"""Who left their name with a question: whoever touched, or entered their number, in the visit in which it was asked."""

from protocol.units import DATED_QUALITIES
from server_broker.accounts.scope import Viewer
from server_broker.attendance.models import Touch
from server_broker.attendance.touches import touch_rows
from server_broker.console.queries import people_of
from server_broker.feedback.models import Feedback
from server_broker.people.models import Person
from server_broker.people.numbers import numbers_of
from server_broker.pins.models import NumberEntry

NAMELESS = "没有留名"
NOT_SEEN = "留了名，您看不到这个人"


def asker_of(asked: Feedback, viewer: Viewer) -> str:
    """Return who asked, in words for a page: a name only if the viewer sees the person."""
    if asked.by_epoch is None:
        return NAMELESS
    person = _person(asked)
    if person is None or not people_of(viewer).filter(pk=person.pk).exists():
        return NOT_SEEN
    return person.name


def _person(asked: Feedback) -> Person | None:
    named = {"station": asked.station, "epoch": asked.by_epoch, "seq": asked.by_seq}
    if (touch := Touch.objects.filter(**named).first()) is not None:
        return touch_rows([touch])[0].person
    entry = NumberEntry.objects.filter(**named).first()
    if entry is None or not entry.counts:
        return None
    at = entry.corrected_wall or (entry.wall if entry.quality in DATED_QUALITIES else entry.received_at)
    return numbers_of({entry.number}).person(entry.number, at)
