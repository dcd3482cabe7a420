"""Captured pages, HTML or plain text: what a newsroom has where it has no CMS any more.

file -> title, "also available in", body, notes, author and bio, similar posts (dropped: ours follow)
     -> clean -> footnotes -> Manuscript and Author
"""

from syndicate.sources.page.reading import PageSettings, read

__all__ = ["PageSettings", "read"]
