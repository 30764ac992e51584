"""Open an untrusted file of rows, whichever kind it is."""

from server_broker.sheets.text_file import read_text_file
from server_broker.sheets.workbook import Sheet, is_text, read_workbook


def read_sheets(data: bytes) -> list[Sheet]:
    """Return every sheet of an .xlsx file, or the one of a CSV file.

    Raises:
        server_broker.sheets.workbook.BadWorkbook: The file can't be read. The message is Chinese.
    """
    return [read_text_file(data)] if is_text(data) else read_workbook(data)
