"""The one family of errors that reaches a user: a sentence that names the thing, and the remedy."""

from __future__ import annotations


class ConsoleError(Exception):
    """Something a user can act on.

    `sentence` names the thing that failed and why, `remedy` says what to do; `str()` joins both into the one
    line that is printed, logged or shown. `exit_status` is what a command ends with.
    """

    exit_status = 1

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(sentence, remedy)
        self.sentence = sentence.rstrip(".")
        self.remedy = remedy.rstrip(".")

    def __str__(self) -> str:
        return f"{self.sentence}. {self.remedy}." if self.remedy else f"{self.sentence}."


class UsageError(ConsoleError):
    """The command line or a request does not say something that can be done."""

    exit_status = 2
