"""What went wrong with one article, line or event, while all the others went on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One confined failure or warning, with its place and what to do.

    ``place`` is a path (with ``:line`` where known), an address or a key; never an e-mail address.
    ``fatal`` says that the thing at ``place`` was left out; otherwise it was taken and this is a warning.
    """

    place: str
    reason: str
    advice: str = ""
    fatal: bool = True

    def __str__(self) -> str:
        text = f"{self.place}: {self.reason}"
        return f"{text} ({self.advice})" if self.advice else text
