"""What a station is told about its last call for help, and whom its people may telephone."""

from protocol.china_time import milliseconds
from protocol.twin import Contact, HelpSeen
from protocol.units import MAX_SHORT_TEXT, FactRef
from server_broker.accounts.models import User
from server_broker.feedback.contacts import contact_of
from server_broker.fleet.alarm_codes import HELP_ASKED
from server_broker.fleet.models import Alarm, Station, StationEvent


def help_seen(station: Station) -> HelpSeen | None:
    """Return who has seen the station's calls for help, and which was the last one then."""
    seen = Alarm.objects.filter(station=station, origin="county", code=HELP_ASKED, acknowledged_by__isnull=False)
    alarm = (
        seen.select_related("acknowledged_by__region", "acknowledged_by__person").order_by("-acknowledged_at").first()
    )
    if alarm is None or alarm.acknowledged_at is None or alarm.acknowledged_by is None:
        return None
    calls = StationEvent.objects.filter(station=station, kind="help_asked", received_at__lte=alarm.acknowledged_at)
    call = calls.order_by("-received_at", "-seq").first()
    if call is None:
        return None
    asked = FactRef(epoch=bytes(call.epoch), seq=call.seq)
    return HelpSeen(asked=asked, seen=milliseconds(alarm.acknowledged_at), by=_called(alarm.acknowledged_by))


def contact(station: Station) -> Contact | None:
    """Return whom the people of the station's village may telephone."""
    row = contact_of(station.village_id)
    return Contact(name=row.name, phone=row.phone) if row is not None else None


def _called(user: User) -> str:
    """Return how a kiosk names somebody of the county: the office, and the name if the account is a person's."""
    office = user.region.name if user.region else ""
    return f"{office} {user.person.name if user.person else user.role_word}".strip()[:MAX_SHORT_TEXT]
