"""The columns that every table of dated rows has, and the digests of rows that were erased."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Func, Q
from psycopg.types.range import TimestamptzRange


def _period() -> Func:
    """Return the time that a row is about, as PostgreSQL's own range."""
    return Func(F("valid_from"), F("valid_to"), function="tstzrange", output_field=DateTimeRangeField())


def by_period(name: str) -> GistIndex:
    """Return an index for a table that is asked what held of many subjects at some time, among years of rows."""
    return GistIndex(_period(), condition=Q(superseded_at=None), name=name)


@dataclass(frozen=True, slots=True)
class AsOf:
    """A question's two times: what held at ``at``, by what the county knew at ``known``.

    Attributes:
        known: None: what it knows now.
    """

    at: dt.datetime
    known: dt.datetime | None = None


class DatedQuerySet[M: "Dated"](models.QuerySet[M]):
    """Queries over dated rows."""

    def known(self, known: dt.datetime | None = None) -> Self:
        """Return the rows that stood in the county at ``known``, whatever time they are about. None: those of now."""
        if known is None:
            return self.filter(superseded_at=None)
        return self.filter(Q(superseded_at=None) | Q(superseded_at__gt=known), recorded_at__lte=known)

    def at(self, at: Any) -> Self:
        """Keep the rows that hold at a time, which may be an expression of a query around this one."""
        begun = Q(valid_from=None) | Q(valid_from__lte=at)
        return self.filter(begun, Q(valid_to=None) | Q(valid_to__gt=at))

    def during(self, since: dt.datetime | None, until: dt.datetime | None) -> Self:
        """Keep the rows that hold at some time of ``[since, until)``; None is without end on that side.

        Nothing holds at some time of a period that is empty.
        """
        if since is not None and until is not None and until <= since:
            return self.none()
        # The same expression as in the constraint and in `by_period`, whose indexes PostgreSQL uses for it.
        return self.alias(period=_period()).filter(period__overlap=TimestamptzRange(since, until))

    def as_of(self, asked: AsOf) -> Self:
        """Return the rows that answer a question: at most one for each subject."""
        return self.known(asked.known).at(asked.at)


class Dated(models.Model):
    """What held of ``subject`` in ``[valid_from, valid_to)``, as somebody recorded it at ``recorded_at``.

    Rows are written by `server_broker.dated.writing` alone. PostgreSQL sets ``recorded_at`` and ``superseded_at``,
    refuses every other change and every DELETE but that of the retention, and lets no two rows of a subject that stand
    overlap. `server_broker.dated.guards` has the triggers.
    """

    valid_from = models.DateTimeField("自", null=True)
    """None: always."""
    valid_to = models.DateTimeField("至", null=True)
    """None: until further notice."""
    recorded_at = models.DateTimeField("记录时间", editable=False)
    superseded_at = models.DateTimeField("作废时间", null=True, editable=False)
    recorded_by = models.CharField("记录人", max_length=150, blank=True)
    """The account's name. Empty: a row of before the county kept dates, or a change that names nobody."""
    reason = models.CharField("理由", max_length=200, blank=True)

    objects: ClassVar[DatedQuerySet[Any]] = DatedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        abstract = True
        constraints = [
            ExclusionConstraint(
                name="%(class)s_overlap",
                expressions=[
                    (F("subject"), RangeOperators.EQUAL),
                    (_period(), RangeOperators.OVERLAPS),
                ],
                condition=Q(superseded_at=None),
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_from__lt=F("valid_to")),
                name="%(class)s_from_before_to",
            ),
        ]


class Erased(models.Model):
    """A dated row that its retention erased. Its SHA-256 is kept, so that a copy that turns up can be recognised."""

    table = models.CharField(max_length=63)
    row = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)
    erased_at = models.DateTimeField()
