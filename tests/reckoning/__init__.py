"""The second reckoning: what each window of a case came to, from ``docs/rules.md`` alone.

It is plain and slow, so that it can be checked by eye against the page: a module for each part of the rules, and minute
by minute where that is plainest. It imports nothing of the product, so that one mistake cannot be in both.

``python -m tests.reckoning FILE.toml --json`` reckons one case.
"""
