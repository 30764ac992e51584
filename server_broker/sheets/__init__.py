"""Read any file of rows that people bring, show what it would change, and change exactly that; write such files.

`declared` says what a room declares about its sheets. `formats` opens a file (`workbook` and `spreadsheetml` for .xlsx,
`text_file` for CSV), `heads` finds the columns, `cells` reads single cells, `reading` does all of that in a process
apart. `importing` checks, shows and takes; `pending` keeps what waits for a person. `writing` makes workbooks.
"""
