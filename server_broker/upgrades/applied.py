"""Which migrations a database has had, beside those that this program knows."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.platform.release import program_version, used_version

type Name = tuple[str, str]
"""An app's label and the name of a migration of it."""

FORMER: frozenset[Name] = frozenset()
"""Migrations that earlier versions had and this one has no more: databases have them, and are no later ones for it."""


def applied() -> set[Name]:
    """Return the migrations that the database has had; none if it has no tables."""
    return set(MigrationRecorder(connection).applied_migrations())


def pending() -> list[Name]:
    """Return the migrations that the database lacks, in the order in which they will be applied."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [(migration.app_label, migration.name) for migration, _backwards in plan]


def refuse_a_later_database(home: CountyHome) -> None:
    """Refuse a database that a later version has migrated: this one would write rows that the later one can't read.

    Raises:
        ServiceError: The message says which version used it, and what to do. Nothing was changed.
    """
    known = MigrationExecutor(connection).loader.disk_migrations
    replaced = {name for migration in known.values() for name in migration.replaces}
    unknown = applied() - set(known) - replaced - FORMER
    if not unknown:
        return
    by = used_version(home) or "更新的版本"
    app, name = min(unknown)
    raise ServiceError(
        f"数据库已由 {by} 更新过，本程序 {program_version()} 不认识其中 {len(unknown)} 项（如 {app}.{name}），"
        f"没有改动任何内容。请装回 {by} 或更新的版本：apt install ./cunhui-county_版本.deb；"
        "一定要用旧版本，请先在新版本上退回升级前的数据库：cunhui-server dump restore（见《升级手册》）"
    )
