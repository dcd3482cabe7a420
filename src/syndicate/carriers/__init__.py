"""One file, or folder, per carrier: hands messages over and says what became of each. Foreign words stop here."""

from syndicate.carriers.outbox import Outbox
from syndicate.carriers.smtp import Smtp, SmtpServer

__all__ = ["Outbox", "Smtp", "SmtpServer"]
