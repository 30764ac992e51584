"""``./run prove shelf``: the power is cut and the line breaks while bundles change, and the shelf stays whole.

Four parts. **Power**: after each call that a change makes to the disk the power is cut, in five ways, on the model of a
disk of `tests.proofs.power_cut`; at each cut the old version or the new one must open, with every file of it, and the
next trip must bring the new one. **Line**: real errands over TLS through a proxy that breaks the connection at random
bytes; the proxy counts what is carried twice. **Bounds**: the month's data and the night, counted by the proxy.
**Month**: thirty nights of changes in one village, and what they cost beside the content. Not proven here: a real disk,
a real telephone line.
"""
