"""What a station and its county agree on, and nothing else.

Pure functions and value types: bytes in, values or a `Refused` out. No I/O, no
clock, no threads; only the standard library, msgspec and cryptography. The same
contract for readers in other languages is ``docs/protocol.md``; the files in
``tests/golden/v1`` hold both to it.
"""

MAJOR = 1
"""Major version of every message here. An unknown major is refused; unknown fields are ignored."""
