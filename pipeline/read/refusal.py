"""How a reader says that a file cannot be read: raised inside this room, a `Rejection` outside."""

from __future__ import annotations

from pipeline.model import Rejection

RESAVE = "请用 WPS 或 Excel 打开后另存为 .xlsx 再报送"
RESEND = "请用 WPS 或 Excel 打开原文件检查，另存为 .xlsx 后重新报送"
UNPACK = "请解压后只报送里面的表格文件"
REPLACE = "请改报用标准模板填写的 .xlsx 工作簿"
CLEAN = "请新建一个工作簿，只把填好的行复制过去，另存为 .xlsx 再报送"


class Refused(Exception):  # noqa: N818 - it is a verdict on the file, not an error of the program
    """A file cannot be read. cause and remedy are Chinese clauses without final punctuation."""

    def __init__(self, cause: str, remedy: str = RESEND) -> None:
        """Keep both clauses."""
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy

    def rejection(self) -> Rejection:
        """The same as a value."""
        return Rejection(self.cause, self.remedy)


class BadValue(ValueError):  # noqa: N818 - it becomes a verdict on the cell
    """A stored value that cannot be what its cell says; the text is the Chinese predicate."""


def damaged(part: str) -> Refused:
    """The verdict on a file with a part that is cut off, altered or not well-formed."""
    return Refused(f"文件已损坏或没有传完整，其中的“{part}”读不出来")
