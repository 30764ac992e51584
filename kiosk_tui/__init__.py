"""The kiosk in a terminal: it shows what the agent says and asks what a person wants.

`app` takes keys and paints; `flow` decides what is on the screen and what a key means there; `guard` lets a key count
only on a screen that could be seen; `views` says what a screen shows, `screens` how it looks, `words` what it says.
`link` is the way to the agent.
"""
