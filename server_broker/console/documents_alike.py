"""What stands at kiosks already under the name of documents that somebody is about to publish.

Two of one name can't be told apart there, and people don't know which of them holds.
"""

from django.utils import timezone

from server_broker.accounts.scope import Viewer
from server_broker.bundles.documents import DocumentsDraft, title_of
from server_broker.bundles.models import Bundle
from server_broker.console.queries import own_bundles_of


def alike(viewer: Viewer, draft: DocumentsDraft) -> list[Bundle]:
    """Return the published documents of the same title that go to the same places and are not replaced by these."""
    title = title_of(draft.documents)
    lasting = own_bundles_of(viewer).exclude(author="").newest().lasting(timezone.now())
    rows = lasting.filter(title=title, kind=draft.kind).exclude(bundle=draft.id).order_by("pk")
    return [row for row in rows if _meet(row.regions, draft.regions)]


def _meet(some: list[str], others: list[str]) -> bool:
    return any(one.startswith(other) or other.startswith(one) for one in some for other in others)
