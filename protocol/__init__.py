"""What a station and its county agree on, and nothing else.

Pure functions and value types: bytes come in, values or a `Refused` go out. There is no I/O, no clock and no thread
here, and nothing but the standard library, msgspec and cryptography is used. ``docs/protocol.md`` is the same contract
for readers in other languages. The files in ``tests/golden/v1`` hold both to it.

Two modules are no part of the contract and stand here because both ends need them: `protocol.china_time`, which reads
the time zone's file, and `protocol.chinese_argparse`.
"""

MAJOR = 1
"""Major version of every message here. An unknown major is refused; unknown fields are ignored."""

MINOR = 1
"""Minor version of the contract that this package speaks. `protocol.birth.Birth` and `Welcome` carry it, so that each
end knows what the other may be sent. 0 is the contract before bundles."""
