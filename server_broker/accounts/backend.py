"""Let only open accounts sign in and stay signed in."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from server_broker.accounts.models import User


class OpenAccounts(ModelBackend):
    """Django's own backend, which asks this for each sign-in and for each request of a session."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Return whether the account is neither closed nor that of a person who has left."""
        return isinstance(user, User) and user.is_open
