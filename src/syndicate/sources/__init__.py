"""Where articles come from: one file per kind of source, each ``read(settings, known, now)``.

    bytes or HTTP -> front matter, dates -> Markdown or HTML -> clean (allow-list) -> footnotes -> Manuscript

What is read here is hostile until it has passed ``clean.fragment``. One bad article is one ``Problem``; only a
source that cannot be read at all raises ``SourceError``.
"""
