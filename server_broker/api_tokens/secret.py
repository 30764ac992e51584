"""A token's text, and the keyed hash of it that the county stores.

The text is ``cunhui_``, the token's number, ``_`` and a secret of 256 random bits. The hash is an HMAC-SHA256 by the
county's ``secret-key`` over the secret and over what the token opens. So a copy of the database opens nothing, and no
more does a row that somebody changed or wrote in the database.
"""

import hmac
import json
import re
import secrets
from datetime import UTC

from django.utils.crypto import salted_hmac

from server_broker.api_tokens.models import ApiToken

_SALT = "server_broker.api_tokens"
_BYTES = 32
_TEXT = re.compile(r"cunhui_([1-9][0-9]{0,14})_([A-Za-z0-9_-]{43})", re.ASCII)


def new_secret() -> str:
    """Return a secret that nobody guesses."""
    return secrets.token_urlsafe(_BYTES)


def text_of(token: ApiToken, secret: str) -> str:
    """Return what a program sends. It is shown once, when the token is made."""
    return f"cunhui_{token.pk}_{secret}"


def read_text(text: str) -> tuple[int, str] | None:
    """Return the number and the secret of a token's text; None if it is no such text."""
    found = _TEXT.fullmatch(text)
    return None if found is None else (int(found[1]), found[2])


def digest_of(token: ApiToken, secret: str) -> bytes:
    """Return the hash that belongs to a secret and to what the token opens."""
    expires = token.expires_at.astimezone(UTC).isoformat(timespec="microseconds")
    opens = [token.pk, token.owner_id, token.scopes, token.region_id, expires]
    return salted_hmac(_SALT, json.dumps([secret, *opens]), algorithm="sha256").digest()


def fits(token: ApiToken, secret: str) -> bool:
    """Return whether this is the token's secret."""
    return hmac.compare_digest(bytes(token.digest), digest_of(token, secret))
