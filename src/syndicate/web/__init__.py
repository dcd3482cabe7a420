"""The web door: the public tree, and the pages that links in a mail lead to. Litestar is known here only.

::

    request -> files (a file of the tree, or nothing) -> conditions (304? gzip?) -> answers
            -> readers (/u/ /p/: token -> flows.subscribe) -> pages (words, templates) -> answers
"""

from syndicate.web.application import application
from syndicate.web.server import serve

__all__ = ["application", "serve"]
