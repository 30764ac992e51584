"""What people ask for, at kiosks or in the county, what they take back, and what the county says to it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from server_broker.attendance.models import DutyWindow
from server_broker.duty.models import Absence
from server_broker.fleet.models import Stamped, Station
from server_broker.fleet.surplus_decisions import DecidedSurplus
from server_broker.media.models import Blob
from server_broker.people.models import Person


class Outcome(models.TextChoices):
    """What an answer says."""

    ACCEPTED = "accepted", "同意"
    REFUSED = "refused", "不同意"


class _ByPerson(Stamped):
    """A fact of somebody who has shown who they are."""

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="+")
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()
    request = models.BinaryField(max_length=16)
    by_epoch = models.BinaryField(max_length=16)
    by_seq = models.BigIntegerField()
    """The touch or the number with which the person showed who they are."""
    person_number = models.CharField(max_length=64, blank=True)
    """The number, if it was one: what people entered only to read is not kept as long as this."""
    apart = models.BooleanField(default=False, db_default=False)
    """It is too much and nobody has taken it up (`Surplus`). It stands here too, so that indexes leave it out: the
    county asks every few seconds for what waits, and a stolen station may have said a thousand times as much."""

    class Meta:
        abstract = True


class Request(_ByPerson):
    """Somebody asks for something. Whose it is nobody stores but by number (`server_broker.requests.reading`)."""

    number = models.CharField(max_length=6)
    """By which people name it to one another (`protocol.facts_requests.request_number`). Others may have the same."""
    kind = models.CharField(max_length=16)
    code = models.CharField(max_length=64, blank=True)
    begin_at = models.DateTimeField(null=True)
    end_at = models.DateTimeField(null=True)
    substitute = models.CharField(max_length=64, blank=True)
    about_epoch = models.BinaryField(max_length=16, null=True)
    about_seq = models.BigIntegerField(null=True)
    """The fact that is objected to, if it is of the same station; both null: none."""
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        verbose_name = "申请"
        verbose_name_plural = "申请"
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="request_once")]
        indexes = [
            models.Index(fields=["station", "boot"], name="request_by_boot"),
            models.Index(fields=["station", "by_epoch", "by_seq"], name="request_by_whom"),
            models.Index(
                fields=["station", "about_epoch", "about_seq"],
                condition=models.Q(about_seq__isnull=False),
                name="request_about",
            ),
            models.Index(fields=["-received_at"], condition=models.Q(apart=False), name="request_by_age"),
            models.Index(fields=["number"], name="request_by_number"),
            models.Index(fields=["station", "request"], name="request_by_id"),
        ]


class Withdrawal(_ByPerson):
    """Somebody takes a request back. Whether it counts, `server_broker.requests.reading.counting` says."""

    class Meta:
        verbose_name = "撤回申请"
        verbose_name_plural = "撤回申请"
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="withdrawal_once")]
        indexes = [
            models.Index(fields=["station", "boot"], name="withdrawal_by_boot"),
            models.Index(fields=["station", "by_epoch", "by_seq"], name="withdrawal_by_whom"),
            models.Index(fields=["-received_at"], condition=models.Q(apart=False), name="withdrawal_by_age"),
            models.Index(fields=["station", "request"], name="withdrawal_by_id"),
        ]


class Agreement(_ByPerson):
    """Somebody says at a kiosk whether they take over a window, or not. Only the word of whoever was asked counts."""

    agrees = models.BooleanField()

    class Meta:
        verbose_name = "换班答应"
        verbose_name_plural = "换班答应"
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="agreement_once")]
        indexes = [
            models.Index(fields=["station", "boot"], name="agreement_by_boot"),
            models.Index(fields=["station", "by_epoch", "by_seq"], name="agreement_by_whom"),
            models.Index(fields=["-received_at"], condition=models.Q(apart=False), name="agreement_by_age"),
            models.Index(fields=["request"], name="agreement_by_id"),
        ]


class StationCase(models.Model):
    """Where a station's request that somebody decides stands, so that lists find it by region and rank in SQL.

    It is made when the request has come and made anew while it waits (`server_broker.requests.station_cases`). So a row
    that is wrong or gone costs nothing but time, and whoever decides is judged anew.
    """

    request = models.OneToOneField(Request, on_delete=models.CASCADE, primary_key=True, related_name="standing")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    """Null: the card was nobody's."""
    asked_at = models.DateTimeField()
    length = models.PositiveSmallIntegerField(null=True)
    needed = models.PositiveSmallIntegerField(default=0, db_default=0)
    taken_back = models.BooleanField()
    is_over = models.BooleanField(default=False, db_default=False)
    """Somebody has decided: it never waits again. One that is not over need not wait (`waiting_at_stations`)."""
    judged_at = models.DateTimeField()

    class Meta:
        verbose_name = "站点申请的去处"
        verbose_name_plural = "站点申请的去处"
        indexes = [
            models.Index(fields=["person", "asked_at"], name="station_case_by_person"),
            models.Index(fields=["asked_at"], name="station_case_by_age"),
            # Of years of requests those that may wait, so that lists and counts read no others.
            models.Index(fields=["person"], condition=Q(is_over=False), name="station_case_not_over"),
        ]


class SetAside(models.Model):
    """What was said at a station and could not be gone on with. The others go on, and it is tried again later.

    One of ``request`` and ``agreement`` is set. The row goes once it works.
    """

    request = models.OneToOneField(Request, on_delete=models.CASCADE, null=True, related_name="set_aside")
    agreement = models.OneToOneField(Agreement, on_delete=models.CASCADE, null=True, related_name="set_aside")
    failure = models.CharField(max_length=200)
    """The kind of error and its place in the code, and nothing that somebody said."""
    since = models.DateTimeField()
    tried_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = "放下的申请"
        verbose_name_plural = "放下的申请"
        constraints = [
            models.CheckConstraint(
                condition=Q(request=None, agreement__isnull=False) | Q(request__isnull=False, agreement=None),
                name="set_aside_is_one",
            )
        ]


class SurplusDecision(DecidedSurplus):
    """Of what was said in people's names (`server_broker.requests.surplus`)."""

    class Meta(DecidedSurplus.Meta):
        verbose_name = "太多的申请怎么办"
        verbose_name_plural = "太多的申请怎么办"


class Surplus(models.Model):
    """What was said at a station beyond a day's measure (`server_broker.requests.surplus`). It does not count yet.

    One of ``request``, ``agreement`` and ``withdrawal`` is set. The row stays, so that nothing is set apart twice.
    """

    request = models.OneToOneField(Request, on_delete=models.CASCADE, null=True, related_name="surplus")
    agreement = models.OneToOneField(Agreement, on_delete=models.CASCADE, null=True, related_name="surplus")
    withdrawal = models.OneToOneField(Withdrawal, on_delete=models.CASCADE, null=True, related_name="surplus")
    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    decision = models.ForeignKey(SurplusDecision, on_delete=models.PROTECT, null=True, related_name="+")
    """Null: nobody has decided yet."""
    counts = models.BooleanField(default=False, db_default=False)
    """Somebody has taken it up."""

    class Meta:
        verbose_name = "太多的申请"
        verbose_name_plural = "太多的申请"
        constraints = [
            models.CheckConstraint(
                condition=Q(request__isnull=False, agreement=None, withdrawal=None)
                | Q(request=None, agreement__isnull=False, withdrawal=None)
                | Q(request=None, agreement=None, withdrawal__isnull=False),
                name="surplus_is_one",
            )
        ]
        indexes = [models.Index(fields=["station"], condition=Q(decision=None), name="surplus_undecided")]


class Mark(models.TextChoices):
    """Which of a window's two touches a correction is about."""

    ARRIVAL = "arrival", "上班卡"
    DEPARTURE = "departure", "下班卡"


class CountyRequest(models.Model):
    """Somebody asks for something in the county: on their telephone, or an officer writes it down for them.

    Nothing of it changes but what is said to it later: it is taken back, or the other person of a swap agrees.
    """

    request = models.BinaryField(max_length=16, unique=True)
    """Random, like the id of a request that is made at a station."""
    number = models.CharField(max_length=6)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="requests")
    kind = models.CharField(max_length=16)
    code = models.CharField(max_length=64, blank=True)
    begin_at = models.DateTimeField(null=True)
    end_at = models.DateTimeField(null=True)
    window = models.ForeignKey(DutyWindow, on_delete=models.PROTECT, null=True, related_name="+")
    """Of a swap or a correction, with its date in ``day``."""
    day = models.DateField(null=True)
    mark = models.CharField(max_length=9, choices=Mark, blank=True)
    mark_at = models.DateTimeField(null=True)
    """When the person says to have come or gone; null in a correction: they did not."""
    substitute = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    """Who takes a window over, and has to agree."""
    agrees = models.BooleanField(null=True)
    agreed_at = models.DateTimeField(null=True)
    agreed_by = models.CharField(max_length=150, blank=True, default="", db_default="")
    """The account of the officer who wrote down what the other said; empty: the other did so themselves."""
    absence = models.ForeignKey(Absence, on_delete=models.PROTECT, null=True, related_name="+")
    """What somebody comes back from early."""
    note = models.CharField(max_length=200, blank=True)
    length = models.PositiveSmallIntegerField(null=True)
    """Dates that it touched when it was asked."""
    needed = models.PositiveSmallIntegerField(default=0, db_default=0)
    """The rank that it needed then. Lists and counts go by it; whoever decides is judged anew."""
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=150, blank=True)
    """The account of the officer who wrote it down; empty: the person themselves."""
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=150, blank=True)
    withdrawn_why = models.CharField(max_length=200, blank=True, default="", db_default="")
    """Why an officer took back what was approved; empty: nobody has to say."""
    is_over = models.BooleanField(default=False, db_default=False)
    """Nobody has to say anything to it: it never waits again. One that is not over need not wait (`waiting_here`)."""

    decided_fields = (
        *("request", "number", "person", "kind", "code", "begin_at", "end_at", "window", "day", "mark", "mark_at"),
        *("substitute", "agrees", "agreed_at", "agreed_by", "absence", "note", "asked_at", "asked_by"),
        *("length", "needed"),
        *("withdrawn_at", "withdrawn_by", "withdrawn_why"),
    )

    class Meta:
        verbose_name = "县里收到的申请"
        verbose_name_plural = "县里收到的申请"
        indexes = [
            models.Index(fields=["person", "-asked_at"], name="county_request_by_person"),
            models.Index(fields=["number"], name="county_request_by_number"),
            models.Index(fields=["asked_at"], name="county_request_by_age"),
            # Of years of requests those that may wait, so that lists and counts read no others.
            models.Index(fields=["person"], condition=Q(is_over=False), name="county_request_not_over"),
            models.Index(fields=["asked_by", "-asked_at"], condition=~Q(asked_by=""), name="county_request_by_officer"),
        ]

    def __str__(self) -> str:
        return self.number


class Answer(models.Model):
    """What somebody says to a request, and by what power.

    An answer to an objection (``step`` 0) is never changed: a later one takes its place. Of a decision there is one of
    each step, and the first by commit order stands.
    """

    request = models.ForeignKey(Request, on_delete=models.PROTECT, null=True, related_name="answers")
    asked = models.ForeignKey(CountyRequest, on_delete=models.PROTECT, null=True, related_name="answers")
    outcome = models.CharField(max_length=8, choices=Outcome)
    text = models.CharField(max_length=200, blank=True)
    """For the person, who reads it at the kiosk or on the telephone."""
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    step = models.PositiveSmallIntegerField(default=0, db_default=0)
    """1: a decision. 2: that of the second approver, where one is needed. 0: an answer."""
    is_last = models.BooleanField(default=True, db_default=True)
    """Whether nobody else is needed after it."""
    office = models.CharField(max_length=100, blank=True, db_default="")
    """The approver's, as it was called then."""
    rank = models.PositiveSmallIntegerField(default=0, db_default=0)
    """With which the approver decided (`server_broker.requests.ranks.Rank`)."""
    needed = models.PositiveSmallIntegerField(default=0, db_default=0)
    length = models.PositiveSmallIntegerField(null=True)
    """Dates that the request touched, as the county knew them then."""
    lender = models.CharField(max_length=150, blank=True, db_default="")
    """Whose deputy the approver was; empty: they decided by their own power."""
    by_nobody = models.BooleanField(default=False, db_default=False)
    """The account was nobody on the county's list: whether it was the person's own, its name alone could tell."""
    joins = models.CharField(max_length=200, blank=True, default="", db_default="")
    """What the approver was shown of requests that this one joins without a working day between; empty: nothing."""
    rules = models.CharField(max_length=8, blank=True, db_default="")
    """Version of docs/rules.md."""

    decided_fields = (
        *("request_id", "asked_id", "outcome", "text", "at", "actor"),
        *("step", "is_last", "office", "rank", "needed", "length", "lender", "by_nobody", "joins", "rules"),
    )

    class Meta:
        verbose_name = "答复"
        verbose_name_plural = "答复"
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(request=None, asked__isnull=False) | Q(request__isnull=False, asked=None),
                name="answer_to_one_request",
            ),
            models.UniqueConstraint(fields=["request", "step"], condition=Q(step__gt=0), name="decided_once"),
            models.UniqueConstraint(fields=["asked", "step"], condition=Q(step__gt=0), name="decided_once_here"),
        ]


class Correction(models.Model):
    """What an approved correction says of one mark of one window. Of several the last approved stands, before touches.

    A row is added and never changed, so who asks as of a moment leaves out those that were approved later.
    """

    answer = models.OneToOneField(Answer, on_delete=models.PROTECT, related_name="correction")
    """The one that approved it. The request has the reason."""
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="corrections")
    window = models.ForeignKey(DutyWindow, on_delete=models.PROTECT, related_name="corrections")
    day = models.DateField()
    mark = models.CharField(max_length=9, choices=Mark)
    mark_at = models.DateTimeField(null=True)
    """Null: there was no mark."""
    approved_at = models.DateTimeField()

    decided_fields = ("answer", "person", "window", "day", "mark", "mark_at", "approved_at")

    class Meta:
        verbose_name = "补卡"
        verbose_name_plural = "补卡"
        ordering = ["approved_at", "pk"]
        indexes = [models.Index(fields=["window", "day", "person"], name="correction_by_window")]


class ExhibitKind(models.TextChoices):
    """On what a correction rests besides the person's word."""

    SNAPSHOT = "snapshot", "打卡抓拍"
    WITNESS = "witness", "在场的人"
    PAPER = "paper", "纸质材料"


class Exhibit(models.Model):
    """Something on which whoever decides about a correction can look. A row is added and never changed."""

    asked = models.ForeignKey(CountyRequest, on_delete=models.PROTECT, related_name="exhibits")
    kind = models.CharField(max_length=8, choices=ExhibitKind)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    """Of a snapshot, which is held from then on, or of a paper."""
    witness = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    station = models.ForeignKey(Station, on_delete=models.PROTECT, null=True, related_name="+")
    epoch = models.BinaryField(max_length=16, null=True)
    seq = models.BigIntegerField(null=True)
    """The touch with which the witness was there, or for which the snapshot was taken."""
    touched_at = models.DateTimeField(null=True)
    """When that was, as the county had it then."""
    note = models.CharField(max_length=200, blank=True)
    added_by = models.CharField(max_length=150)
    added_at = models.DateTimeField()

    decided_fields = (
        *("asked", "kind", "blob", "witness", "station", "epoch", "seq", "touched_at"),
        *("note", "added_by", "added_at"),
    )

    class Meta:
        verbose_name = "补卡凭据"
        verbose_name_plural = "补卡凭据"
        ordering = ["added_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="paper", blob__isnull=False, witness=None, seq=None)
                | Q(kind="snapshot", blob__isnull=False, witness=None, seq__isnull=False)
                | Q(kind="witness", blob=None, witness__isnull=False, seq__isnull=False),
                name="exhibit_is_of_its_kind",
            ),
            models.UniqueConstraint(
                fields=["asked", "kind", "station", "epoch", "seq"],
                condition=Q(seq__isnull=False),
                name="exhibit_once",
            ),
            models.UniqueConstraint(fields=["asked", "blob"], condition=Q(kind="paper"), name="paper_once"),
        ]


class Deputy(models.Model):
    """Somebody decides for an account that is away, on the local dates from ``first`` to ``last``."""

    lender = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deputies")
    deputy = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deputy_of")
    first = models.DateField()
    last = models.DateField()
    named_at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    """Before its last date, because the account is back."""

    decided_fields = ("lender", "deputy", "first", "last", "named_at", "reason", "ended_at")

    class Meta:
        verbose_name = "代办"
        verbose_name_plural = "代办"
        constraints = [
            models.CheckConstraint(condition=~Q(lender=F("deputy")), name="deputy_is_another"),
            models.CheckConstraint(condition=Q(first__lte=F("last")), name="deputy_first_before_last"),
        ]
