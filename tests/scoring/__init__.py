"""A second, plain scorer of learning. It goes by `docs/learning.md` alone.

It shares no code with the product, and is slow. It reads facts as the county keeps them, byte for byte,
with a reader of MessagePack of its own.
"""
