"""The rows that were made of stations' facts, made once more in memory and compared with what the database has.

Facts are signed by their station, and rows are not. So whoever changes, drops or invents a row is found here.
`checking` goes through one station after the other; memory holds some thousand facts at a time.
"""
