"""Why a verb stops before its end: a sentence for the user and an exit code."""

from __future__ import annotations


class Stop(Exception):  # noqa: N818  (not an error of the program)
    """The sentence says what is the matter and what to do."""

    def __init__(self, sentence: str, code: int) -> None:
        """code: the exit code, 2 for a wrong command line or config.yaml, 3 for a fault."""
        super().__init__(sentence)
        self.code = code
