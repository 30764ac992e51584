"""Published and computed bundles, the index of each station, and what stations say that they have."""

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q, TextField, Value

from server_broker.fleet.models import Station
from server_broker.regions.models import Region, subtree_prefix


class BundleQuerySet(models.QuerySet["Bundle"]):
    """Queries over the versions of all bundles."""

    def addressed_to(self, station: Station) -> Self:
        """Return those that are for a station by its place."""
        return self.filter(Q(station=None) | Q(station=station), regions__overlap=_beginnings(station.village_id))

    def touching(self, code: str) -> Self:
        """Return those that are for a region, for a part of it, or for something that it is a part of."""
        prefix = subtree_prefix(code)
        listed = Func(F("regions"), Value(" "), function="array_to_string", output_field=TextField())
        inside = Q(listed__regex=rf"(^| ){prefix}")
        return self.alias(listed=listed).filter(inside | Q(regions__overlap=_beginnings(prefix)))

    def within(self, code: str) -> Self:
        """Return those that are for a region or for parts of it, and for nothing else."""
        prefix = subtree_prefix(code)
        listed = Func(F("regions"), Value(" "), function="array_to_string", output_field=TextField())
        return self.alias(listed=listed).filter(listed__regex=rf"^({prefix}\d*)( {prefix}\d*)*$")

    def newest(self) -> Self:
        """Return the newest version of each bundle alone."""
        newer = Bundle.objects.filter(bundle=OuterRef("bundle"), version__gt=OuterRef("version"))
        return self.filter(~Exists(newer))

    def lasting(self, now: datetime) -> Self:
        """Return those that are neither withdrawn nor over."""
        return self.filter(withdrawn_at=None, not_after__gt=now)


def _beginnings(code: str) -> list[str]:
    return [code[:length] for length in range(len(code) + 1)]


class Bundle(models.Model):
    """One version of a bundle. Its content never changes: new content is a new version.

    Its document and its items lie in `server_broker.bundles.files.BundleFolder`, under their hash. Only a withdrawal
    changes the row. A version that was computed here and not published by a person (``author`` is empty) is deleted
    some time after a newer one has taken its place, because it can be computed again.
    """

    bundle = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    title = models.CharField(max_length=64)
    sha256 = models.BinaryField(max_length=32)
    """Of the document: the encoded `protocol.bundles.Bundle`, without a signature."""
    size = models.PositiveIntegerField()
    regions = ArrayField(models.CharField(max_length=12))
    """Beginnings of the region codes that it is for; at least one. Every code begins with the empty one."""
    types = ArrayField(models.CharField(max_length=64), default=list)
    not_before = models.DateTimeField(null=True)
    not_after = models.DateTimeField()
    station = models.ForeignKey(Station, on_delete=models.PROTECT, null=True, related_name="+")
    """The one station that gets it; null: all in its regions."""
    access = models.CharField(max_length=8)
    night = models.BooleanField(default=False)
    published_at = models.DateTimeField()
    author = models.CharField(max_length=150, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=150, blank=True)
    withdrawn_reason = models.CharField(max_length=200, blank=True)

    objects = BundleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bundle", "version"], name="bundle_version_once"),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by="") | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_by="")),
                name="bundle_withdrawn_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["sha256"], name="bundle_by_hash"),
            models.Index(fields=["-published_at"], name="bundle_by_age"),
            GinIndex(fields=["regions"], name="bundle_by_region"),
        ]


class WrittenQuerySet[M: "Written"](models.QuerySet[M]):
    """Queries over what somebody has written."""

    def waiting(self) -> Self:
        """Return what waits for a second person."""
        return self.filter(published_at=None, ended_at=None)


class Written(models.Model):
    """Something that one person has written for a region, and that another one publishes or sends back.

    What was written never changes; its content is kept no longer than it waits. `server_broker.bundles.written` takes
    each step.
    """

    called: ClassVar[str]
    """How actions of the audit log and addresses of pages call it."""

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    """It is for this region as a whole."""
    not_after = models.DateTimeField()
    written_by = models.CharField(max_length=150)
    written_at = models.DateTimeField()
    published_by = models.CharField(max_length=150, blank=True)
    published_at = models.DateTimeField(null=True)
    bundle = models.CharField(max_length=64, blank=True)
    """As what it was published."""
    ended_by = models.CharField(max_length=150, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(max_length=200, blank=True)
    """Why it was sent back or taken back."""

    decided_fields: ClassVar[tuple[str, ...]] = (
        *("region", "written_by", "published_by", "published_at", "bundle", "ended_by", "ended_at"),
    )
    emptied: ClassVar[tuple[str, ...]] = ()
    """Fields whose content is kept no longer than it waits."""

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(published_at=None, published_by="") | (Q(published_at__isnull=False) & ~Q(published_by="")),
                name="%(class)s_published_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(published_by=F("written_by")), name="%(class)s_by_two_people"),
            models.CheckConstraint(
                condition=Q(published_at=None) | Q(ended_at=None), name="%(class)s_published_or_ended"
            ),
        ]

    @property
    def heading(self) -> str:
        """How lists call it."""
        raise NotImplementedError

    @property
    def writers(self) -> Collection[str]:
        """The accounts that wrote it. None of them publishes it."""
        return (self.written_by,)

    @property
    def waits(self) -> bool:
        """Whether it waits for a second person."""
        return self.published_at is None and self.ended_at is None


class WrittenNotice(Written):
    """A notice for home screens."""

    called = "notice"

    line = models.CharField(max_length=40)
    text = models.CharField(max_length=2_000, blank=True)
    kind = models.CharField(max_length=16)
    source = models.CharField(max_length=30)
    owner = models.CharField(max_length=30)
    urgent = models.BooleanField(default=False)
    not_before = models.DateTimeField()

    objects = WrittenQuerySet["WrittenNotice"].as_manager()

    @property
    def heading(self) -> str:
        """What the home screen shows."""
        return self.line


class WrittenDocuments(Written):
    """Documents to read: a disclosure, or a part of the library."""

    called = "documents"

    kind = models.CharField(max_length=16)
    """A kind of bundle: ``disclosure`` or ``library``."""
    title = models.CharField(max_length=64)
    not_before = models.DateTimeField(null=True)
    """None: from the day on which it is published."""
    becomes = models.CharField(max_length=64)
    """The id of the bundle that it is published as."""
    replaces = models.PositiveIntegerField()
    """The version of that bundle whose place it takes; 0: there is none yet."""
    content = models.BinaryField()
    """The encoded `protocol.documents.Documents`. A published bundle has it, and what was sent back needs no copy."""
    pictures = models.BinaryField()
    """What they show, by name, as MessagePack."""
    sha256 = models.BinaryField(max_length=32)
    """Of what was handed over: content, then pictures."""

    decided_fields = (*Written.decided_fields, "kind", "becomes", "replaces", "sha256")
    emptied = ("content", "pictures")

    objects = WrittenQuerySet["WrittenDocuments"].as_manager()

    @property
    def heading(self) -> str:
        """The title of its bundle."""
        return self.title


class WrittenPack(Written):
    """A learning pack: questions with the pictures and sounds that they name."""

    called = "pack"
    kind = "questions"
    not_before = None
    """It counts from the day on which it is published."""

    title = models.CharField(max_length=64)
    becomes = models.CharField(max_length=64)
    """The pack's id, and its bundle's."""
    version = models.PositiveIntegerField()
    """The version of the pack that it becomes."""
    replaces = models.PositiveIntegerField()
    """The version whose place it takes; 0: there is none yet."""
    editors = ArrayField(models.CharField(max_length=150), default=list)
    """Who wrote at it since that version."""
    owner = models.CharField(max_length=64)
    """Who answers for what it says."""
    review_by = models.DateField()
    """By this day somebody looks at it again."""
    content = models.BinaryField()
    """The encoded `protocol.packs.Pack`. A published bundle has it, and what was sent back needs no copy."""
    files = models.BinaryField()
    """Pictures and sounds as MessagePack: by name the media type and the bytes."""
    sha256 = models.BinaryField(max_length=32)
    """Of what was handed over: content, then files."""

    decided_fields = (*Written.decided_fields, "becomes", "replaces", "editors", "owner", "review_by", "sha256")
    emptied = ("content", "files")

    objects = WrittenQuerySet["WrittenPack"].as_manager()

    @property
    def writers(self) -> Collection[str]:
        """Whoever changed it since the version before, and whoever handed it over."""
        return {self.written_by, *self.editors}

    @property
    def heading(self) -> str:
        """The pack's title."""
        return self.title


class BundleItem(models.Model):
    """A file that a bundle names."""

    bundle = models.ForeignKey(Bundle, on_delete=models.CASCADE, related_name="items")
    name = models.CharField(max_length=64)
    sha256 = models.BinaryField(max_length=32)
    size = models.PositiveIntegerField()
    media_type = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bundle", "name"], name="bundle_item_once")]
        indexes = [models.Index(fields=["sha256"], name="bundle_item_by_hash")]


class StationIndex(models.Model):
    """A version of a station's index. The last few are kept, because a station may still fetch by an earlier one."""

    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="indexes")
    version = models.PositiveIntegerField()
    sha256 = models.BinaryField(max_length=32)
    payload = models.BinaryField()
    """The encoded `protocol.shelf_index.ShelfIndex`; it is signed when it is sent."""
    bundles = models.ManyToManyField(Bundle, related_name="indexes")
    built_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "version"], name="station_index_once")]
        indexes = [models.Index(fields=["sha256"], name="station_index_by_hash")]


class ShelfReport(models.Model):
    """What a station said last about one version of a bundle."""

    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="shelf_reports")
    bundle = models.CharField(max_length=64)
    version = models.BigIntegerField()
    state = models.CharField(max_length=64)
    reason = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "bundle", "version"], name="shelf_report_once")]
        indexes = [models.Index(fields=["bundle"], name="shelf_report_by_bundle")]


class ShelfHeard(models.Model):
    """When a station last said what bundles it has. Only then the county knows what it no longer has."""

    station = models.OneToOneField(Station, on_delete=models.CASCADE, related_name="shelf_heard", primary_key=True)
    at = models.DateTimeField()


class FetchNonce(models.Model):
    """The nonce of a signed request: a second use is refused."""

    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="+")
    nonce = models.BinaryField(max_length=16)
    used_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "nonce"], name="fetch_nonce_once")]
        indexes = [models.Index(fields=["used_at"], name="fetch_nonce_by_age")]
