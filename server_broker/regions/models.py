"""Regions, and the subtree of a region, which bounds what an account sees."""

from typing import Self

from django.db import models

COUNTY_DIGITS = 6
TOWNSHIP_DIGITS = 9


class RegionQuerySet(models.QuerySet["Region"]):
    """Queries over the tree."""

    def under(self, code: str) -> Self:
        """Return the region ``code`` and all that lies in it."""
        return self.filter(code__startswith=subtree_prefix(code))


class Region(models.Model):
    """A county, township or village.

    The code is the 12-digit statistical one (GB/T 10114 with the county's GB/T 2260): six digits name the
    county, nine the township, twelve the village; a region's code is a prefix of its parts' codes, padded
    with zeros. So a subtree is a prefix and needs no tree table.
    """

    code = models.CharField("代码", max_length=12, primary_key=True)
    name = models.CharField("名称", max_length=64)

    decided_fields = ("name",)

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


def subtree_prefix(code: str) -> str:
    """Return the digits that every code in the subtree of ``code`` begins with."""
    if code[COUNTY_DIGITS:] == "0" * (12 - COUNTY_DIGITS):
        return code[:COUNTY_DIGITS]
    if code[TOWNSHIP_DIGITS:] == "0" * (12 - TOWNSHIP_DIGITS):
        return code[:TOWNSHIP_DIGITS]
    return code
