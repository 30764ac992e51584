"""What was computed of each person's learning, what stations were told of it, and what is due to be computed anew.

All of it but `KeptLevel` and what was decided about too much is derived: a row that is lost is computed once more by
the nightly round.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from server_broker.fleet.models import Station
from server_broker.fleet.surplus_decisions import DecidedSurplus
from server_broker.people.models import Person

LEAST_SHOWN = 10
"""Of fewer people or runs nothing is kept or shown, because one could guess who they are (docs/learning.md, 7.2)."""


def in_tens(count: int) -> int:
    """Return how many at least: so coarse that one more or less hardly ever shows (docs/learning.md, 7.2)."""
    return count // LEAST_SHOWN * LEAST_SHOWN


class Visit(models.Model):
    """A touch or a number by which somebody showed who they are and then answered or chose something.

    ``(station, epoch, seq)`` is that fact's identity. With neither card nor number it has not come yet. It is kept
    apart from touches and entered numbers because few of them lead to an answer, and because entered numbers are
    deleted long before answers are.
    """

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="+")
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()
    card_token = models.BinaryField(max_length=16, null=True)
    number = models.CharField(max_length=64, blank=True)
    looked_at = models.DateTimeField()
    """When touches and numbers were last searched for it."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="visit_once")]
        indexes = [
            models.Index(fields=["card_token"], condition=Q(card_token__isnull=False), name="visit_by_card"),
            models.Index(fields=["number"], condition=~Q(number=""), name="visit_by_number"),
            models.Index(fields=["looked_at"], condition=Q(card_token=None, number=""), name="visit_waiting"),
        ]


class VisitDue(models.Model):
    """Something was answered or chosen in a visit, or was dated anew. Triggers write it, `progress.marks` takes it."""

    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()


class CardDue(models.Model):
    """The binding of a card changed. A trigger writes it, `progress.marks` takes it."""

    card = models.BigIntegerField()


class PersonDue(models.Model):
    """A person of whom something may have changed. It goes when the person is computed."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="+")
    marked_at = models.DateTimeField()
    failed_at = models.DateTimeField(null=True)
    """When the program last failed over the person. Null: it did not."""

    class Meta:
        indexes = [models.Index(fields=["marked_at"], name="person_due_by_age")]


class PersonProgress(models.Model):
    """What a person has learnt, as it was last computed."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="progress")
    as_of = models.DateTimeField()
    """Since when it is this."""
    digest = models.BinaryField(max_length=32)
    """Of all that is stored of the person here and in the tables below."""
    content = models.BinaryField()
    """An encoded `protocol.progress.Progress` without heads: those are of one station each."""


class ReachedLevel(models.Model):
    """What a person has reached in a level, whatever the version."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    pack = models.CharField(max_length=64)
    level = models.CharField(max_length=64)
    stars = models.PositiveSmallIntegerField()
    first_at = models.DateTimeField(null=True)
    """When it had its first star; null: nobody knows."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "pack", "level"], name="reached_level_once")]
        indexes = [models.Index(fields=["pack", "person"], name="reached_level_by_pack")]


class KeptLevel(models.Model):
    """What a person had reached in a level by answers and runs that were erased since. It is not derived any more."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    pack = models.CharField(max_length=64)
    level = models.CharField(max_length=64)
    stars = models.PositiveSmallIntegerField()
    first_at = models.DateTimeField(null=True)
    """When it had its first star; null: nobody knows."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "pack", "level"], name="kept_level_once")]


class ChosenPack(models.Model):
    """A pack that a person has chosen and not given up."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    pack = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "pack"], name="chosen_pack_once")]


class TakenPack(models.Model):
    """How many people of a type have chosen a pack: ten at least."""

    pack = models.CharField(max_length=64)
    type = models.CharField(max_length=10)
    people = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pack", "type"], name="taken_pack_once"),
            models.CheckConstraint(condition=Q(people__gte=LEAST_SHOWN), name="taken_pack_of_many"),
        ]


class PackCounted(models.Model):
    """When the attempts at a pack's questions were last counted, and the questions of which version."""

    pack = models.CharField(max_length=64, primary_key=True)
    version = models.PositiveIntegerField()
    on = models.DateField()


class QuestionCount(models.Model):
    """How people answered a question with the options that it has now. None of fewer than ten people (7.2)."""

    pack = models.CharField(max_length=64)
    question = models.CharField(max_length=64)
    runs = models.PositiveIntegerField()
    asked = models.PositiveIntegerField()
    firsts = models.PositiveIntegerField()
    """People, and anonymous runs, that answered it for the first time."""
    firsts_right = models.PositiveIntegerField()
    median_ms = models.PositiveIntegerField(null=True)
    """Null: no station measured it."""
    chosen = ArrayField(models.PositiveIntegerField())
    """How often each option was chosen, in their order."""
    answer = ArrayField(models.PositiveSmallIntegerField(), default=list)
    """What was right then, as `server_broker.learning.marking.set_of` has it."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pack", "question"], name="question_count_once"),
            models.CheckConstraint(condition=Q(runs__gte=LEAST_SHOWN), name="question_count_of_many"),
        ]


class Told(models.Model):
    """What a station was last told of a person: its bundle's content, so that it stays the same until there is news."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    digest = models.BinaryField(max_length=32)
    """Of what the content says, but for when and how far."""
    content = models.BinaryField()
    """An encoded `protocol.progress.Progress`."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "station"], name="told_once")]
        indexes = [models.Index(fields=["station"], name="told_by_station")]


class SurplusDecision(DecidedSurplus):
    """Of answers, ended levels and choices of packs (`server_broker.progress.surplus`)."""


class Surplus(models.Model):
    """What a station said of learning on one day beyond its measure (`server_broker.progress.surplus`).

    The row stays, so that nothing of that day is set apart twice. What comes that day after something was decided has a
    row of its own.
    """

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="+")
    rows_of = models.CharField(max_length=32)
    """The table."""
    day = models.DateField()
    """The local day on which the county received it."""
    after_row = models.BigIntegerField()
    """What was stored after the row with this key."""
    through_row = models.BigIntegerField(null=True)
    """The last that whoever decided had seen. Null: all of that day, as long as nobody has decided."""
    counted = models.PositiveIntegerField()
    """So many rows of that day count without a decision."""
    since = models.DateTimeField()
    decision = models.ForeignKey(SurplusDecision, on_delete=models.PROTECT, null=True, related_name="+")
    """Null: nobody has decided yet."""
    counts = models.BooleanField(default=False, db_default=False)
    """Somebody has taken it up."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["station", "rows_of", "day", "after_row"], name="learning_surplus_once")
        ]
        indexes = [models.Index(fields=["station"], condition=Q(decision=None), name="learning_surplus_undecided")]


class ProgressState(models.Model):
    """The county's own single row: how far this room has got."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    remarked = models.BigIntegerField(default=0)
    """The last `learning.RemarkedQuestion` whose people were marked."""
    whole_on = models.DateField(null=True)
    """The last date on which everybody was computed."""
    whole_through = models.BigIntegerField(default=0)
    """Up to which person's key that date's round has got."""

    measured_through = models.DateField(null=True)
    """Of the days before this one, all that stations said was measured."""
    taken_on = models.DateField(null=True)
    """When it was counted who has chosen what."""

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="progress_state_is_one_row")]
