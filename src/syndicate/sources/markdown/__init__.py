"""A folder of Markdown, as Hugo, Jekyll, Pelican, Zola and people keep it.

folder -> files (changed since known?) -> front matter + body -> language, group, address, dates
       -> Markdown -> clean -> footnotes -> Manuscript
authors' folder -> Author;  tags' file -> labels
"""

from syndicate.sources.markdown.reading import read
from syndicate.sources.markdown.settings import MarkdownSettings

__all__ = ["MarkdownSettings", "read"]
