"""``./run prove newcomer``: can somebody who has never seen the console get from the sign-in link to the first touch?

In a real Chromium one role after the other begins in a county of its own, as ``cunhui-server setup`` leaves one. It
follows what the console shows and nothing else: links and forms that are visible, the step that is marked 现在做. Where
the console says that others do a step, one of those is fetched for this step alone. The workbook is the console's own
template, the station is a real agent that enrols with the code on the page, and its reader is simulated.
"""
