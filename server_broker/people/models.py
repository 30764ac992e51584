"""People and cards."""

from django.conf import settings
from django.db import models

from server_broker.dated.models import Dated
from server_broker.people.number_forms import WORDS
from server_broker.regions.models import Region


class PersonType(models.TextChoices):
    """What kind of person somebody is to the county. Learning and assessment differ by it."""

    CADRE = "cadre", "村干部"
    RESIDENT = "resident", "驻村干部"
    OFFICIAL = "official", "机关干部"
    MEMBER = "member", "党员"
    VILLAGER = "villager", "村民"


class Person(models.Model):
    """A person on a village's list. ``number`` is the county's own staff number, never an identity number.

    The village may be a township or the county: their offices have people too. The columns here are those of today, and
    `PersonRecord` has what held before.
    """

    number = models.CharField("编号", max_length=32, unique=True)
    name = models.CharField("姓名", max_length=32)
    village = models.ForeignKey(Region, verbose_name="村", on_delete=models.PROTECT, related_name="people")
    type = models.CharField(
        "类别", max_length=10, choices=PersonType, default=PersonType.CADRE, db_default=PersonType.CADRE
    )
    left = models.BooleanField("已离开", default=False, db_default=False)
    """Whoever has left holds no card and no post, and is in no window."""

    decided_fields = ("number", "name", "village", "type", "left")

    class Meta:
        ordering = ["number"]
        verbose_name = "人员"
        verbose_name_plural = "人员"

    def __str__(self) -> str:
        return self.name


class Card(models.Model):
    """A person's card. Its UID is stored as a keyed hash (`protocol.cards`), and its number as the last four digits.

    The columns here are those of today, and `Binding` has who held the card when.
    """

    token = models.BinaryField(max_length=16, unique=True)
    tail = models.CharField("卡号尾数", max_length=4)
    person = models.ForeignKey(Person, verbose_name="人员", on_delete=models.PROTECT, related_name="cards", null=True)
    """None: the binding has ended, and the card is nobody's."""
    bound_at = models.DateTimeField("绑定时间")
    lost_at = models.DateTimeField("挂失时间", null=True, blank=True)

    decided_fields = ("token", "person", "bound_at", "lost_at")

    class Meta:
        verbose_name = "卡"
        verbose_name_plural = "卡"

    def __str__(self) -> str:
        return f"…{self.tail}"


class PrivateNumber(models.Model):
    """A person's identity or mobile number, sealed by a key that the database does not have.

    It is not dated. A number that was corrected is gone: nothing hangs on what it was, and less is kept of people.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="private_numbers")
    kind = models.CharField("种类", max_length=8, choices=[*WORDS.items()])
    version = models.PositiveIntegerField(default=1)
    """Counts corrections. What is sealed is bound to it, so that an older number put back does not open."""
    sealed = models.BinaryField()
    index = models.BinaryField(max_length=16)
    """A keyed hash, by which exactly this number is found."""
    key = models.CharField(max_length=8)
    """Names the keys (`trust.number_keys`). With ``sealed`` and ``index`` it changes whenever the keys do."""

    decided_fields = ("person", "kind", "version")

    class Meta:
        verbose_name = "身份证号和手机号"
        verbose_name_plural = "身份证号和手机号"
        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="private_number_once"),
            # One human being is one person here, or somebody could approve their own request.
            models.UniqueConstraint(
                fields=["index"], condition=models.Q(kind="identity"), name="identity_number_of_one_person"
            ),
        ]
        indexes = [models.Index(fields=["index"], name="private_number_by_index")]


class NumberSeen(models.Model):
    """Somebody had a number of a person shown in full. The person sees it on their own page."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="numbers_seen")
    kind = models.CharField("种类", max_length=8, choices=[*WORDS.items()])
    at = models.DateTimeField("时间")
    account = models.CharField("账号", max_length=150)
    office = models.CharField("单位", max_length=100)
    """Region and role of the account at that time."""
    reason = models.CharField("理由", max_length=200)

    decided_fields = ("person", "kind", "at", "account", "office", "reason")

    class Meta:
        verbose_name = "号码查看记录"
        verbose_name_plural = "号码查看记录"
        indexes = [models.Index(fields=["person", "-at"], name="number_seen_by_person")]


class PersonRecord(Dated):
    """A person's number, name, village and type for a time."""

    subject = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="records")
    number = models.CharField("编号", max_length=32)
    name = models.CharField("姓名", max_length=32)
    village = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="+")
    type = models.CharField("类别", max_length=10, choices=PersonType, db_default=PersonType.CADRE)
    left = models.BooleanField(default=False, db_default=False)

    class Meta(Dated.Meta):
        verbose_name = "人员记录"
        verbose_name_plural = "人员记录"
        indexes = [models.Index(fields=["number"], name="person_record_by_number")]


class BindingState(models.TextChoices):
    """What a card is while a binding holds."""

    HELD = "held", "在用"
    LOST = "lost", "已挂失"
    ENDED = "ended", "已停用"


class Binding(Dated):
    """Who held a card for a time. Touches of a lost card are kept and don't count for the person."""

    subject = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="bindings")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="bindings")
    """None exactly if the state is `BindingState.ENDED`: then the card is nobody's."""
    state = models.CharField("状态", max_length=5, choices=BindingState)
    temporary = models.BooleanField("临时卡", default=False, db_default=False)

    class Meta(Dated.Meta):
        verbose_name = "持卡记录"
        verbose_name_plural = "持卡记录"
        constraints = [
            *Dated.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(person=None, state="ended")
                | (models.Q(person__isnull=False) & ~models.Q(state="ended")),
                name="binding_of_nobody_is_ended",
            ),
        ]


class UnitKind(models.TextChoices):
    """What a unit is."""

    TOWNSHIP_OFFICE = "township", "镇办"
    DEPARTMENT = "department", "县直部门"
    BRANCH = "branch", "党支部"
    COMMITTEE = "committee", "村两委"


class Unit(models.Model):
    """A township's office, a county's department, a party branch or a village's committees.

    The columns are those of today, and `UnitRecord` has what held before.
    """

    name = models.CharField("名称", max_length=64)
    kind = models.CharField("性质", max_length=10, choices=UnitKind)
    region = models.ForeignKey(Region, verbose_name="区划", on_delete=models.PROTECT, related_name="units")
    ended = models.BooleanField("已撤销", default=False, db_default=False)

    decided_fields = ("name", "kind", "region", "ended")

    class Meta:
        ordering = ["region", "name"]
        verbose_name = "单位"
        verbose_name_plural = "单位"

    def __str__(self) -> str:
        return self.name


class UnitRecord(Dated):
    """A unit's name, kind and region for a time."""

    subject = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="records")
    name = models.CharField("名称", max_length=64)
    kind = models.CharField("性质", max_length=10, choices=UnitKind)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="+")
    ended = models.BooleanField(default=False, db_default=False)

    class Meta(Dated.Meta):
        verbose_name = "单位记录"
        verbose_name_plural = "单位记录"


class Post(models.Model):
    """A post of a unit, such as the secretary of a branch. Several people may hold it, and a person several posts."""

    unit = models.ForeignKey(Unit, verbose_name="单位", on_delete=models.PROTECT, related_name="posts")
    title = models.CharField("职务", max_length=32)

    class Meta:
        ordering = ["unit", "title"]
        verbose_name = "职务"
        verbose_name_plural = "职务"
        constraints = [models.UniqueConstraint(fields=["unit", "title"], name="post_once")]

    def __str__(self) -> str:
        return f"{self.unit.name} {self.title}"


class Holding(models.Model):
    """A person and a post that this person holds, held or will hold. `HoldingRecord` says when."""

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="holdings")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="holdings")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["post", "person"], name="holding_once")]


class HoldingState(models.TextChoices):
    """How somebody holds a post. Only `HELD` makes a person due."""

    HELD = "held", "在岗"
    SECONDED = "seconded", "借调"
    SUSPENDED = "suspended", "停职"
    OFF = "off", "离岗"
    ENDED = "ended", "已卸任"


class HoldingRecord(Dated):
    """How a person held a post for a time. Periods begin and end at local midnight: dates of posts are inclusive."""

    subject = models.ForeignKey(Holding, on_delete=models.PROTECT, related_name="records")
    state = models.CharField("状态", max_length=9, choices=HoldingState)

    class Meta(Dated.Meta):
        verbose_name = "任职记录"
        verbose_name_plural = "任职记录"


class PendingImport(models.Model):
    """An imported file that waits until its sender confirms the changes. An account has at most one."""

    token = models.UUIDField(unique=True)
    account = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    plan = models.BinaryField()
    """The place of a `sheets` book and its plan, in compressed MessagePack, sealed: it may have people's numbers. It
    has card tokens but no card numbers."""
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = "待确认的导入"
        verbose_name_plural = "待确认的导入"
