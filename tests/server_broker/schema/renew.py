"""Write ``server_broker/schema/tables.sql`` and ``migrations.txt``: what all migrations together make of nothing.

Run as ``.venv/bin/python -m tests.server_broker.schema.renew``.
"""

from tests.proofs.private_county import county_home, private_cluster


def main() -> None:
    with county_home("schema") as home, private_cluster(home, one_by_one=True):
        from django.db import connection  # noqa: PLC0415 - the settings must be named before
        from django.db.migrations.recorder import MigrationRecorder  # noqa: PLC0415

        from server_broker.platform.home import DATABASE  # noqa: PLC0415
        from server_broker.schema.laying import MIGRATIONS, TABLES  # noqa: PLC0415
        from tests.server_broker.schema.dump import tables_of  # noqa: PLC0415

        applied = MigrationRecorder(connection).migration_qs.order_by("pk").values_list("app", "name")
        MIGRATIONS.write_text("".join(f"{app} {name}\n" for app, name in applied), encoding="ascii")
        TABLES.write_text(tables_of(home, DATABASE), encoding="utf-8")


if __name__ == "__main__":
    main()
