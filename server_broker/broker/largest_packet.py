"""The largest packet that the county's broker takes, whichever it is."""

from protocol.codec import MAX_MESSAGE_BYTES

MAX_PACKET_BYTES = MAX_MESSAGE_BYTES + 1024
"""With room for the topic and the properties of the largest message (MQTT 5.0, 3.3)."""
