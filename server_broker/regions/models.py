"""Regions, and the subtree of a region, which bounds what an account sees."""

from typing import Self

from django.db import models
from django.db.models import Func, Value

from server_broker.dated.models import Dated

COUNTY_DIGITS = 6
TOWNSHIP_DIGITS = 9


class RegionQuerySet(models.QuerySet["Region"]):
    """Queries over the tree."""

    def under(self, code: str) -> Self:
        """Return the region ``code`` and all that lies in it."""
        return self.filter(code__startswith=subtree_prefix(code))

    def counties(self) -> Self:
        """Return the counties."""
        return self.filter(code__endswith="0" * (12 - COUNTY_DIGITS))

    def above_villages(self) -> Self:
        """Return the counties and the townships."""
        return self.filter(code__endswith="0" * (12 - TOWNSHIP_DIGITS))


class Region(models.Model):
    """A county, township or village.

    The code is the 12-digit statistical one (GB/T 10114 with the county's GB/T 2260): six digits name the
    county, nine the township, twelve the village; a region's code is a prefix of its parts' codes, padded
    with zeros. So a subtree is a prefix and needs no tree table.

    A region stays the same one when it gets another code or name: ``identity`` never changes. The columns here are
    those of today, and `RegionRecord` has what held before (ADR 25).
    """

    code = models.CharField("代码", max_length=12, primary_key=True)
    name = models.CharField("名称", max_length=64)
    identity = models.BigIntegerField(
        unique=True, editable=False, db_default=Func(Value("regions_identity"), function="nextval")
    )
    ended = models.BooleanField("已撤并", default=False, db_default=False)
    """It was merged into another region. Its row stays, because what happened there did."""

    decided_fields = ("code", "name", "ended")
    decided_key = "identity"

    objects = RegionQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = "区划"
        verbose_name_plural = "区划"
        constraints = [
            models.CheckConstraint(condition=models.Q(code__regex=r"^[0-9]{12}$"), name="region_code_12_digits")
        ]

    def __str__(self) -> str:
        return self.name


class RegionRecord(Dated):
    """A region's code, name and place in the tree for a time."""

    subject = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="records")
    code = models.CharField("代码", max_length=12)
    name = models.CharField("名称", max_length=64)
    parent = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", null=True, related_name="+")
    ended = models.BooleanField(default=False, db_default=False)
    merged_into = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", null=True, related_name="+")

    class Meta(Dated.Meta):
        verbose_name = "区划记录"
        verbose_name_plural = "区划记录"
        indexes = [models.Index(fields=["code"], name="region_record_by_code")]


def region_once(code: str) -> Region | None:
    """Return the region with this code, or else the one that had it last."""
    found = Region.objects.filter(pk=code).first()
    if found is not None:
        return found
    record = RegionRecord.objects.known().filter(code=code).order_by("-valid_from").select_related("subject").first()
    return record.subject if record else None


def region_chain(code: str) -> list[str]:
    """Return the codes of a region and of the regions that contain it, the county first."""
    chain = [code[:digits] + "0" * (12 - digits) for digits in (COUNTY_DIGITS, TOWNSHIP_DIGITS, 12)]
    return list(dict.fromkeys(chain))


def parent_code(code: str) -> str:
    """Return the code of the region that contains this one; of a county, its own."""
    return region_chain(code)[-2:][0]


def subtree_prefix(code: str) -> str:
    """Return the digits that every code in the subtree of ``code`` begins with."""
    if code[COUNTY_DIGITS:] == "0" * (12 - COUNTY_DIGITS):
        return code[:COUNTY_DIGITS]
    if code[TOWNSHIP_DIGITS:] == "0" * (12 - TOWNSHIP_DIGITS):
        return code[:TOWNSHIP_DIGITS]
    return code
