"""How much one workbook may hold, whatever its format."""

from __future__ import annotations

from pipeline.read.refusal import CLEAN, Refused

MOST_ROWS = 120_000
"""Rows with content: a column filled down to the end of the sheet is no list of resources."""
MOST_CELLS = 3_000_000
MOST_CHARACTERS = 300_000_000
MOST_SHEETS = 1_000


class Budget:
    """The rows, cells and characters that may still be read. left can be kept and set back."""

    def __init__(self) -> None:
        """All of it."""
        self.left = (MOST_ROWS, MOST_CELLS, MOST_CHARACTERS)

    def spend(self, line: dict[int, str], times: int = 1) -> None:
        """Take a row off, as often as it is repeated; raises Refused when nothing is left."""
        self.take(times, times * len(line), times * sum(map(len, line.values())))

    def take(self, rows: int, cells: int, characters: int) -> None:
        """Take so much off; raises Refused when nothing is left."""
        before = self.left
        self.left = (before[0] - rows, before[1] - cells, before[2] - characters)
        if self.left[0] < 0:
            raise Refused(f"文件内容过多，有内容的行超过 {MOST_ROWS} 行，疑似把一列填到了表尾", CLEAN)
        if min(self.left) < 0:
            raise Refused(f"文件内容过多，填写的单元格超过 {MOST_CELLS} 个，或者文字过长", CLEAN)


def refuse_sheet_count(count: int) -> None:
    """Raise Refused if a workbook has no sheet to read, or more than anyone fills in."""
    if not count:
        raise Refused("文件里没有可以读取的工作表")
    if count > MOST_SHEETS:
        raise Refused(f"文件里的工作表超过 {MOST_SHEETS} 个", CLEAN)
