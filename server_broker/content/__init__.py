"""Question banks: read from Excel and GIFT, judged question by question, and written as both and as learning packs.

`bank` is the plain value. `drafts` judges one question, `gathering` puts the good ones into a bank and accounts for
the others. `gift_reading` and `gift_writing` know GIFT, `sheet` and `sheet_writing` our Excel template. `files` opens
any of them, and `lint` says what an editor should look at. The folder ``starter`` has the packs that a county may begin
with, marked as samples.
"""
