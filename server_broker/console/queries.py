"""The base of every query for a page. It returns only rows in the viewer's scope.

A row outside the scope does not exist for the viewer. A page about it is 404, not 403, so that nobody learns that
there is such a row.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Q, QuerySet, When
from django.db.models.functions import Coalesce

from protocol.units import DATED_QUALITIES
from server_broker.accounts.models import Role, User
from server_broker.accounts.powers import POWERS, Power
from server_broker.accounts.scope import Viewer, regions_of, scope, sees_county
from server_broker.attendance.models import DutyWindow, Touch
from server_broker.attendance.touches import touches_of_day
from server_broker.bundles.models import Bundle, BundleQuerySet, Written, WrittenQuerySet
from server_broker.commands.models import CommandQuerySet, StationOrder
from server_broker.courses.models import Course, CourseQuerySet
from server_broker.dated.models import DatedQuerySet
from server_broker.duty.models import RosterTemplate
from server_broker.editing.models import BankDraft
from server_broker.exceptions.models import Notable
from server_broker.feedback.models import Feedback
from server_broker.fleet.models import Alarm, Station, StationQuerySet
from server_broker.guard.models import Permit, PermitQuerySet
from server_broker.ingest.held import held_facts
from server_broker.ingest.models import Fact, Quarantined
from server_broker.media.models import Blob
from server_broker.meetings.models import Meeting
from server_broker.people.models import Binding, BindingState, Card, Person, Post, Unit
from server_broker.pins.models import PinClaim
from server_broker.progress.models import Surplus as LearningSurplus
from server_broker.progress.surplus import undecided as undecided_learning
from server_broker.regions.models import COUNTY_DIGITS, RegionQuerySet, region_chain, subtree_prefix
from server_broker.requests.kinds import AWAY, TAKEN_UP
from server_broker.requests.models import Answer, Request
from server_broker.requests.reading import taken_up
from server_broker.requests.surplus import beyond, lines, withdrawals
from server_broker.settling.models import ParameterRecord, SettledWindow, SettledWindowQuerySet
from server_broker.workdays.models import StopNotice

HAPPENED = Case(
    When(corrected_wall__isnull=False, then=F("corrected_wall")),
    When(quality__in=DATED_QUALITIES, then=F("wall")),
    default=F("received_at"),
    output_field=DateTimeField(),
)
"""When a row of a fact happened: the corrected time, or the station's time, or if nothing dates it that of receipt."""
TOUCHED = Case(
    When(corrected_wall__isnull=False, then=F("corrected_wall")),
    When(quality__in=DATED_QUALITIES, then=F("wall")),
    default=Coalesce("came_at", "received_at"),
    output_field=DateTimeField(),
)
"""The same of a touch, as `server_broker.attendance.touches.happened` reckons it."""


def stations_of(user: Viewer) -> StationQuerySet:
    """Return the stations that ``user`` sees."""
    own = scope(user)
    return Station.objects.none() if own is None else Station.objects.all().under(own)


def not_connected(user: Viewer) -> StationQuerySet:
    """Return the stations in service of which the county does not know how they are now."""
    away = Q(status=None) | Q(status__online=False) | Q(status__doubted_at__isnull=False)
    in_service = stations_of(user).filter(away, revoked_at=None, enrolled_at__isnull=False)
    return in_service.select_related("status").order_by("village_id", "pk")


def people_of(user: Viewer) -> QuerySet[Person]:
    """Return the people that ``user`` sees."""
    return Person.objects.filter(village__in=regions_of(user))


def cards_of(user: Viewer) -> QuerySet[Card]:
    """Return the cards of the people that ``user`` sees."""
    return Card.objects.filter(person__village__in=regions_of(user))


def refused_pins_of(user: Viewer) -> QuerySet[PinClaim]:
    """Return the PINs of people whom ``user`` sees that were not accepted, the newest first.

    The station that told of one may lie where ``user`` sees nothing: look it up in `stations_of` before it is named.
    """
    return PinClaim.objects.exclude(refused="").filter(person__in=people_of(user)).order_by("-at", "-pk")


def windows_of(user: Viewer) -> QuerySet[DutyWindow]:
    """Return the duty windows of the villages that ``user`` sees, the ended ones too."""
    return DutyWindow.ever.filter(village__in=regions_of(user))


def settled_windows_of(user: Viewer) -> SettledWindowQuerySet:
    """Return the results of windows on the rosters of the villages that ``user`` sees, also those that stood before."""
    return SettledWindow.objects.filter(village__in=regions_of(user).values("identity"))


def roster_templates_of(user: Viewer) -> QuerySet[RosterTemplate]:
    """Return the templates in use of the regions that ``user`` sees, and of the regions around them."""
    own = scope(user)
    around = Q() if own is None else Q(region__in=region_chain(own))
    return RosterTemplate.objects.filter(Q(region__in=regions_of(user)) | around, ended=False).select_related("region")


def units_of(user: Viewer) -> QuerySet[Unit]:
    """Return the units of the regions that ``user`` sees."""
    return Unit.objects.filter(region__in=regions_of(user))


def meetings_of(user: Viewer) -> QuerySet[Meeting]:
    """Return the meetings of the regions that ``user`` sees."""
    return Meeting.objects.filter(region__in=regions_of(user).values("identity")).select_related("region", "unit")


def permits_of(user: Viewer) -> PermitQuerySet:
    """Return the numbers that may be published, or are asked for, in the regions that ``user`` sees."""
    return Permit.objects.filter(region__in=regions_of(user))


def posts_of(user: Viewer) -> QuerySet[Post]:
    """Return the posts of the units that ``user`` sees."""
    return Post.objects.filter(unit__in=units_of(user)).select_related("unit")


def touches_of(user: Viewer) -> QuerySet[Touch]:
    """Return the touches at the stations that ``user`` sees."""
    own = scope(user)
    if own is None:
        return Touch.objects.none()
    return Touch.objects.filter(station__village__code__startswith=subtree_prefix(own))


def requests_of(user: Viewer) -> QuerySet[Request]:
    """Return what was asked for at the stations that ``user`` sees and the county does not go on with by itself."""
    own = scope(user)
    if own is None:
        return Request.objects.none()
    return Request.objects.filter(station__village__code__startswith=subtree_prefix(own)).exclude(taken_up())


def objections_of(user: Viewer) -> QuerySet[Request]:
    """Return what the township answers: objections and missing touches; and whatever is asked by a card of nobody.

    All else stands in 待办, where it is decided, wherever it was asked. What is too much of a station is left out.
    """
    decided = Q(kind__in=AWAY, standing__person__isnull=False)
    answered = Exists(Answer.objects.filter(request=OuterRef("pk")))
    return requests_of(user).filter(~decided, ~Q(answered, kind__in=TAKEN_UP), ~beyond())


@dataclass(frozen=True, slots=True)
class SurplusLine:
    """What waits of a station for one decision, because it is too much."""

    station: Station
    count: int
    """Of requests, withdrawals and agreements."""
    is_learning: bool
    """Answers, ended levels or choices of packs wait too. How many is counted where it is decided."""


def surplus_of(user: Viewer) -> list[SurplusLine]:
    """Return what waits of each station that ``user`` sees, because it is too much: the most requests first."""
    asked = lines(stations_of(user))
    of_learning = {row.station_id: row.station for row in learning_too_much(user)}
    known = {line.station.pk for line in asked}
    return [
        *(SurplusLine(line.station, line.count, line.station.pk in of_learning) for line in asked),
        *(SurplusLine(station, 0, True) for key, station in sorted(of_learning.items()) if key not in known),
    ]


def learning_too_much(user: Viewer) -> QuerySet[LearningSurplus]:
    """Return what the stations that ``user`` sees said of learning beyond the measure, and nobody has decided about."""
    return undecided_learning().filter(station__in=stations_of(user)).select_related("station__village")


def open_objections_of(user: Viewer) -> QuerySet[Request]:
    """Return what was asked for at the stations that ``user`` sees and nobody has answered or taken back."""
    answered = Exists(Answer.objects.filter(request=OuterRef("pk")))
    back = Exists(withdrawals().filter(station=OuterRef("station"), request=OuterRef("request")))
    return requests_of(user).exclude(kind__in=AWAY).filter(~answered, ~back, ~beyond())


def approvers_under(user: User) -> QuerySet[User]:
    """Return the other accounts of the region that ``user`` sees that could decide for it."""
    roles = [role for role in Role if Power.APPROVE_REQUESTS in POWERS[role]]
    found = User.objects.filter(region__in=regions_of(user), role__in=roles, is_active=True).exclude(pk=user.pk)
    return found.select_related("region").order_by("region", "username")


def blobs_of(user: Viewer) -> QuerySet[Blob]:
    """Return the blobs of the stations that ``user`` sees."""
    own = scope(user)
    if own is None:
        return Blob.objects.none()
    return Blob.objects.filter(station__village__code__startswith=subtree_prefix(own))


def commands_of(user: Viewer) -> CommandQuerySet:
    """Return the commands to the stations that ``user`` sees."""
    own = scope(user)
    return StationOrder.objects.none() if own is None else StationOrder.objects.all().under(own)


def bundles_of(user: Viewer) -> BundleQuerySet:
    """Return the bundles that are for a place that ``user`` sees, or for more than that."""
    own = scope(user)
    return Bundle.objects.none() if own is None else Bundle.objects.touching(own)


def written_of[W: Written](model: type[W], user: Viewer) -> WrittenQuerySet[W]:
    """Return what was written, of one kind, for regions that ``user`` sees."""
    rows: WrittenQuerySet[W] = WrittenQuerySet(model)
    return rows.filter(region__in=regions_of(user)).select_related("region")


def own_bundles_of(user: Viewer) -> BundleQuerySet:
    """Return the bundles that are for nothing but places that ``user`` sees."""
    own = scope(user)
    if own is None:
        return Bundle.objects.none()
    # What is for every station of the county is in the hands of those who see the county.
    return (
        Bundle.objects.within(own) | Bundle.objects.filter(regions=[""])
        if sees_county(user)
        else Bundle.objects.within(own)
    )


def bank_drafts_of(user: Viewer) -> QuerySet[BankDraft]:
    """Return the question banks in the making of the regions that ``user`` sees."""
    return BankDraft.objects.filter(region__in=regions_of(user)).select_related("region", "written")


def alarms_of(user: Viewer) -> QuerySet[Alarm]:
    """Return the alarms of the stations that ``user`` sees. An alarm of no station is for those who see the county."""
    own = scope(user)
    if own is None:
        return Alarm.objects.none()
    # Not a JOIN: of a condition on another table's row, or none, PostgreSQL expects next to nothing, and so sorts all
    # alarms that ever were where the index would give it the newest.
    seen = Q(station__in=Station.objects.under(own).values("pk"))
    return Alarm.objects.filter(seen | Q(station=None) if sees_county(user) else seen)


def feedback_of(user: Viewer) -> QuerySet[Feedback]:
    """Return what villagers asked at the stations that ``user`` sees."""
    own = scope(user)
    if own is None:
        return Feedback.objects.none()
    return Feedback.objects.filter(station__village__code__startswith=subtree_prefix(own))


def courses_of(user: Viewer) -> CourseQuerySet:
    """Return what is, or was, required or offered in the regions that ``user`` sees."""
    return Course.objects.filter(region__in=regions_of(user).values("identity"))


def townships_of(user: Viewer) -> RegionQuerySet:
    """Return the townships that ``user`` sees as a whole."""
    own = regions_of(user).above_villages().filter(ended=False)
    return own.exclude(code__endswith="0" * (12 - COUNTY_DIGITS))


def held_of(user: Viewer) -> QuerySet[Fact]:
    """Return the held facts of the stations that ``user`` sees, with those that were written off."""
    own = scope(user)
    if own is None:
        return Fact.objects.none()
    return held_facts().filter(stream__station__village__code__startswith=subtree_prefix(own))


def to_review_of(user: Viewer) -> QuerySet[Fact]:
    """Return the held facts of the stations that ``user`` sees, without those that were written off."""
    return held_of(user).filter(write_off=None)


def quarantined_of(user: Viewer) -> QuerySet[Quarantined]:
    """Return the unread messages of the stations that ``user`` sees. Those of no known station are as for alarms."""
    own = scope(user)
    if own is None:
        return Quarantined.objects.none()
    seen = Q(station__village__code__startswith=subtree_prefix(own))
    return Quarantined.objects.filter(seen | Q(station=None) if sees_county(user) else seen)


def touches_on(user: Viewer, day: dt.date) -> QuerySet[Any]:
    """Return a local day's touches at the stations that ``user`` sees, with ``happened``, newest first."""
    own = scope(user)
    touches = Touch.objects.none() if own is None else touches_of_day(own, day)
    return touches.annotate(happened=TOUCHED).order_by("-happened", "-id")


def held_so(
    touches: QuerySet[Touch], holds: BindingState | None, *, known: dt.datetime | None = None
) -> QuerySet[Touch]:
    """Return the touches whose card somebody had so at that time; None: whose card nobody had.

    A touch by number has no card, whoever it is of.

    Args:
        known: As the county knew it then; None: as it knows now.
    """
    # Not a JOIN: a touch names its card by the token only, so there is no relation between the two tables.
    held = Binding.objects.known(known).filter(subject__token=OuterRef("card_token"), person__isnull=False)
    cards = touches.exclude(card_token=b"").annotate(happened=TOUCHED)
    if holds is None:
        return cards.filter(~Exists(held.at(OuterRef("happened"))))
    return cards.filter(Exists(held.filter(state=holds).at(OuterRef("happened"))))


def unbound(touches: QuerySet[Touch], *, known: dt.datetime | None = None) -> QuerySet[Touch]:
    """Return the touches whose card was nobody's at that time, as the county knew it at ``known`` (None: knows now)."""
    return held_so(touches, None, known=known)


def stop_notices_of(user: Viewer) -> QuerySet[StopNotice]:
    """Return the notices that stop work in the regions that ``user`` sees, and in no larger one."""
    return StopNotice.objects.filter(region__in=regions_of(user))


def notables_of(user: Viewer) -> QuerySet[Notable]:
    """Return the exceptions of the people and stations of the villages that ``user`` sees."""
    return Notable.objects.filter(village__in=regions_of(user).values("identity"))


def term_records_of(user: Viewer) -> DatedQuerySet[ParameterRecord]:
    """Return what the regions that ``user`` sees set of the rules' parameters, at any time."""
    found: DatedQuerySet[ParameterRecord] = ParameterRecord.objects.all()
    return found.filter(subject__region__in=regions_of(user).values("identity"))


def stop_notices_seen_by(user: Viewer) -> QuerySet[StopNotice]:
    """Return the notices that bear on what ``user`` sees: its own regions', and those of the regions around them."""
    own = scope(user)
    around = Q() if own is None else Q(region__code__in=region_chain(own))
    return StopNotice.objects.filter(Q(region__in=regions_of(user)) | around)
