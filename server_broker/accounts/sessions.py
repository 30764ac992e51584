"""Sessions of the console (setting ``SESSION_ENGINE``). The database has no key of one: it stores a keyed hash of it.

A browser's cookie is the key itself. Whoever reads the database, or a backup of it, can't make a cookie of what is
there. What a session holds is signed for its own key, so it counts for nothing in another session's row either.
"""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone
from django.utils.crypto import salted_hmac

_SALT = "server_broker.accounts.sessions"
_STORED_DIGITS = 40
"""What Django's column takes: 160 bits, nearly as many as a key of 32 letters and digits has."""


def stored_key(session_key: str) -> str:
    """Return what the database knows a session by."""
    return salted_hmac(_SALT, session_key, algorithm="sha256").hexdigest()[:_STORED_DIGITS]


class SessionStore(db.SessionStore):
    """Django's own store in the database, with hashed keys."""

    @property
    def key_salt(self) -> str:
        """What a session's content is signed with besides the county's secret: its own key."""
        return f"{_SALT}.{stored_key(self.session_key or '')}"

    def load(self) -> dict[str, Any]:
        """Return what the session holds; nothing if it is unknown or over."""
        return self._opened(self._present().first())

    async def aload(self) -> dict[str, Any]:
        """Return the same."""
        return self._opened(await self._present().afirst())

    def exists(self, session_key: str) -> bool:
        """Tell whether there is such a session."""
        return super().exists(stored_key(session_key))

    async def aexists(self, session_key: str) -> bool:
        """Tell the same."""
        return await super().aexists(stored_key(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """Return the row of the session as it is now."""
        return _hashed(super().create_model_instance(data))

    async def acreate_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """Return the same."""
        return _hashed(await super().acreate_model_instance(data))

    def delete(self, session_key: str | None = None) -> None:
        """Delete this session, or another one."""
        if key := session_key or self.session_key:
            super().delete(stored_key(key))

    async def adelete(self, session_key: str | None = None) -> None:
        """Delete the same."""
        if key := session_key or self.session_key:
            await super().adelete(stored_key(key))

    def _present(self) -> Any:
        key = stored_key(self.session_key or "")
        return self.model.objects.filter(session_key=key, expire_date__gt=timezone.now())

    def _opened(self, row: AbstractBaseSession | None) -> dict[str, Any]:
        if row is None:
            # A key that somebody else has chosen is never taken for a new session.
            self._session_key = None
            return {}
        return self.decode(row.session_data)


def _hashed(row: AbstractBaseSession) -> AbstractBaseSession:
    row.session_key = stored_key(row.session_key)
    return row
