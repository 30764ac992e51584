"""Question banks in the making. Nothing here is published, so everything may be changed and deleted."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from server_broker.bundles.models import WrittenPack
from server_broker.regions.models import Region

NO_LEVEL = "没有写是哪一关的题"
"""The level of a draft in which questions stand whose file names none. It goes with the last of them."""


class BankDraft(models.Model):
    """A question bank that editors of a region work on. Published, it goes on as the draft of the next version."""

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    """Its stations get it."""
    pack = models.CharField(max_length=64, unique=True)
    """The id of the pack that it becomes."""
    based_on = models.PositiveIntegerField(default=0)
    """The version of that pack whose questions it began with, or as which it was published last; 0: none."""
    title = models.CharField(max_length=64)
    sample = models.BooleanField(default=False)
    owner = models.CharField(max_length=64, blank=True)
    """Who answers for what it says."""
    review_by = models.DateField(null=True)
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    changed_by = models.CharField(max_length=150)
    changed_at = models.DateTimeField()
    editors = ArrayField(models.CharField(max_length=150), default=list)
    """Who changed it since it was published last."""
    written = models.ForeignKey(WrittenPack, on_delete=models.PROTECT, null=True, related_name="+")
    """As what it was handed over last."""

    class Meta:
        indexes = [models.Index(fields=["-changed_at"], name="bank_draft_by_age")]

    @property
    def waits(self) -> bool:
        """Whether it was handed over and nobody has published it or sent it back."""
        return self.written is not None and self.written.waits


class DraftLevel(models.Model):
    """A level of a bank in the making."""

    draft = models.ForeignKey(BankDraft, on_delete=models.CASCADE, related_name="levels")
    ident = models.CharField(max_length=64)
    name = models.CharField(max_length=64)
    draw = models.PositiveSmallIntegerField()
    place = models.PositiveIntegerField()

    class Meta:
        ordering = ["place", "pk"]
        constraints = [models.UniqueConstraint(fields=["draft", "ident"], name="draft_level_once")]


class DraftQuestion(models.Model):
    """A question in the making. It may be wrong in any way; `server_broker.content.drafts.judge` says in which."""

    level = models.ForeignKey(DraftLevel, on_delete=models.CASCADE, related_name="questions")
    place = models.PositiveIntegerField()
    ident = models.CharField(max_length=64, blank=True)
    """Empty: it gets one by what it asks."""
    kind = models.CharField(max_length=16, blank=True)
    """Empty: the file named one that nobody knows."""
    stem = models.TextField(blank=True)
    options = ArrayField(models.TextField(blank=True), default=list)
    answer = ArrayField(models.PositiveSmallIntegerField(), default=list)
    explanation = models.TextField(blank=True)
    source = models.TextField(blank=True)
    picture = models.CharField(max_length=64, blank=True)
    sound = models.CharField(max_length=64, blank=True)
    said = ArrayField(models.TextField(), default=list)
    """What the reader of its file could not read or left off. Whoever saves the question has seen it."""
    revision = models.PositiveIntegerField(default=0)
    """Rises with each change, so that nobody overwrites what another one has just saved."""

    class Meta:
        ordering = ["place", "pk"]


class DraftFile(models.Model):
    """A picture or a sound of a bank in the making, as stations will get it."""

    draft = models.ForeignKey(BankDraft, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=64)
    media_type = models.CharField(max_length=64)
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draft", "name"], name="draft_file_once")]
