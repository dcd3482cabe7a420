"""The server that mail is handed over to."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where to hand over, and as whom.

    ``security``: ``starttls`` and ``tls`` verify the certificate. Nobody logs in without a ``username``;
    ``auth`` says how, ``auto`` being PLAIN or else LOGIN; for ``xoauth2`` the ``password`` is the bearer token.
    ``hello`` is the name we greet with, our host's when empty. ``timeout`` is of each read or write, in seconds.
    ``messages_per_connection``: then a new one is made, for many servers count.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    auth: Literal["auto", "plain", "login", "xoauth2"] = "auto"
    hello: str = ""
    timeout: float = 60.0
    connections: int = 4
    messages_per_connection: int = 100

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"
