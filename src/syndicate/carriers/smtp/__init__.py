"""SMTP (RFC 5321), one round trip a message: the next envelope travels with the last one's final dot (RFC 2920).

```
take -> MAIL RCPT DATA -> 354 -> the message without its dot -> mark -> take the next -> dot, MAIL RCPT DATA
             ^                                                                              |
             +------------------------------ settle <- the dot's answer <-------------------+
```
``wire`` sends and reads replies, ``opening`` makes a connection ready, ``envelope`` says what is sent, ``verdict`` what
an answer means, ``conversation`` what follows what; ``lane`` hands over one after the other on one connection. Lanes
share the thread of their ``switchboard``; ``patience`` is how long it collects marks. Why: ``docs/decisions/smtp.md``.
"""

from syndicate.carriers.smtp.carrier import Smtp
from syndicate.carriers.smtp.server import SmtpServer

__all__ = ["Smtp", "SmtpServer"]
