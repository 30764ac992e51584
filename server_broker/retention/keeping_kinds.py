"""The kinds of rows of the table `server_broker.retention.keepings.KEEPINGS`: each says by its class who ends it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from protocol.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """One row of the table, which says by its class who ends it. The texts are Chinese, for the auditor's page."""

    key: str
    """Goes into the record of erasures, so it is never given another meaning."""
    what: str
    purpose: str
    ends: str
    remains: str
    models: tuple[str, ...] = ()
    """Labels of the tables that hold it."""
    kinds: tuple[str, ...] = ()
    """Kinds of the facts that hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stays(Keeping):
    """Nobody ends it by a clock. Nothing of it is deleted, so all of it remains."""

    remains: str = "全部"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends(Keeping):
    """It ends so long after the county received it."""

    kept: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsEnd(Ends):
    """`erasing.erase_facts` takes the content of facts away, and the rows that were made of them."""

    remains: str = "摘要和签名的记录链，仍可核对"
    rows: tuple[tuple[str, str], ...] = ()
    """Tables whose rows are deleted with them, each with the field that says when it was received."""
    stays: Callable[[Fact], bool] = lambda fact: False
    """Tells the single ones of these kinds that are something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesEnd(Ends):
    """`media.retention.drop_expired` deletes the bytes of blobs."""

    remains: str = "文件的摘要、大小和时间"
    purposes: tuple[str, ...]
    """Of the blobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsEnd(Ends):
    """Chores of the rooms delete rows."""

    remains: str = "无"
    by: Mapping[str, str]
    """For each table what deletes its rows, within ``server_broker``; empty if they stay, as ``remains`` says."""
