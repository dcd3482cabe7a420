"""DKIM: what we vouch for in a message (RFC 6376), by RSA and Ed25519 (RFC 8301, RFC 8463).

pieces --prepare--> the head in its one form, the digest of the body
        --Signer--> DKIM-Signature: …  (header lines to put in front of the message)

Head ``relaxed``, body ``simple``: relays fold headers anew and leave bodies alone. No ``l=``, which lets others add
to a body, and no ``t=``: a signature says nothing of when it was made, so a message made again is signed the same.
"""

from syndicate.carriers.dkim.forms import OVERSIGNED, SIGNED, Pieces, Prepared, prepare
from syndicate.carriers.dkim.pool import SigningPool
from syndicate.carriers.dkim.signing import Signer, field, sign

__all__ = ["OVERSIGNED", "SIGNED", "Pieces", "Prepared", "Signer", "SigningPool", "field", "prepare", "sign"]
