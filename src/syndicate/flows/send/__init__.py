"""Send: what the ledger owes is handed over, once each.

approved issue -> settle what a dead sender left (``orphans``)
               -> claim (consent asked) -> threads of the carrier, each with a ``desk`` of its own
                                           take (made out by ``messages``) -> mark -> final dot -> settle
               -> marks and outcomes of all lanes (``tray``, ``book``) committed together (``keeper``)
               -> nothing left: SENT; something put off: SENDING until the next run
"""

from syndicate.flows.send.mailroom import Carrier, Mailroom
from syndicate.flows.send.sender import SendReport, Waiting, send_issues

__all__ = ["Carrier", "Mailroom", "SendReport", "Waiting", "send_issues"]
