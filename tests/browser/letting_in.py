"""A browser in which somebody has signed in already."""

from playwright.sync_api import BrowserContext

from server_broker.accounts.models import User
from tests.server_broker.county import client_for


def let_in(context: BrowserContext, web: str, user: User) -> None:
    """Give a browser the session of somebody who has signed in, with the second factor where one is due."""
    session = client_for(user).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": web, "secure": True}])
