"""A touch as it is in the field."""

import os

from protocol.facts import Touch
from protocol.units import Moment


def a_touch() -> Touch:
    at = Moment(wall=1_795_507_200_123, boot=os.urandom(16), mono=86_400_123, quality="synced")
    return Touch(at=at, card=os.urandom(16), reader="pcsc", answer="recorded", direction="in")
