"""Publish bundles in a county: a process beside its service. It reads a JSON line for each change and answers it.

Run as ``python -m tests.proofs.shelf.publishing`` in the county's environment.
"""

import base64
import json
import os
import sys
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any


def main() -> None:
    """Do what each line says, until there are no more."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "server_broker.settings"
    import django  # noqa: PLC0415 - the settings must be named before

    django.setup()
    for line in sys.stdin:
        print(json.dumps(_do(json.loads(line))), flush=True)


def _do(change: dict[str, Any]) -> dict[str, Any]:
    from django.utils import timezone  # noqa: PLC0415 - needs `django.setup`

    from protocol.twin import ShelfNamed, seal_shelf_named  # noqa: PLC0415
    from server_broker.bundles.files import BundleFolder  # noqa: PLC0415
    from server_broker.bundles.index_keeper import IndexKeeper, index_in_force  # noqa: PLC0415
    from server_broker.bundles.publishing import publish, withdraw  # noqa: PLC0415
    from server_broker.platform.home import CountyHome  # noqa: PLC0415
    from server_broker.trust.keys import county_keys  # noqa: PLC0415

    home = CountyHome(Path(os.environ["CUNHUI_HOME"]))
    folder, now = BundleFolder(home.bundles), timezone.now()
    published = {}
    for bundle in change.get("publish", []):
        row, _ = publish(_draft(bundle, now), folder=folder, author="proof", at=now)
        published[row.bundle] = bytes(row.sha256).hex()
    for name in change.get("withdraw", []):
        withdraw(name, reason="示例", actor="proof", at=now)
    keeper = IndexKeeper(folder=folder, sources=[])
    while keeper.go_on(now):
        pass
    ref = index_in_force(change["station"])
    assert ref is not None
    key = county_keys(home).signing_key
    named = seal_shelf_named(key, ShelfNamed(station=change["station"], shelf=ref))
    return {
        "version": ref.version,
        "sha256": ref.sha256.hex(),
        "size": ref.size,
        "named_bytes": len(named),
        "published": published,
    }


def _draft(bundle: dict[str, Any], now: Any) -> Any:
    from server_broker.bundles.drafts import Draft, DraftItem  # noqa: PLC0415 - needs `django.setup`

    items = [
        DraftItem(
            name=path.name,
            sha256=sha256(path.read_bytes()).digest(),
            size=path.stat().st_size,
            media_type="image/jpeg",
            source=path,
        )
        for path in map(Path, bundle.get("items", []))
    ]
    return Draft(
        id=bundle["id"],
        kind=bundle["kind"],
        title=bundle["id"],
        regions=bundle["regions"],
        not_after=now.replace(microsecond=0) + timedelta(days=60),
        content=base64.b64decode(bundle.get("content", "")),
        items=items,
        access=bundle.get("access", "public"),
        night=bundle.get("night", False),
    )


if __name__ == "__main__":
    main()
