"""What may be in an article. All that is not named here is dropped (its text kept, but for DROPPED_WHOLE)."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


BLOCKS = _names(
    "address article aside blockquote details div dl fieldset figcaption figure footer h1 h2 h3 h4 h5 h6 header"
    " hr li dd dt main nav ol p pre section summary table ul"
)
INLINES = _names(
    "a abbr b bdi bdo br cite code del dfn em i img ins kbd mark q rp rt ruby s samp small span strong sub sup"
    " time u var wbr"
)
TABLES = _names("caption col colgroup tbody td tfoot th thead tr")
MEDIA = _names("audio picture source video")
VOID = _names("br col hr img source wbr")

TAGS = (BLOCKS | INLINES | TABLES | MEDIA) - {"fieldset"}

DROPPED_WHOLE = _names(
    "applet base button canvas embed frame frameset head iframe input link math meta noembed noframes noscript"
    " object option optgroup param plaintext script select style svg template textarea title xmp"
)

# elements whose content is text to a parser (HTML, section 13.2.5), or as good as
RAW = _names("iframe noembed noframes noscript script style template textarea title xmp")

SCHEMES = frozenset({"http", "https", "mailto", "tel"})

# data-* hold the true address where a page loads pictures lazily; they never reach the result
LAZY = ("data-src", "data-lazy-src", "data-original")
ATTRIBUTES: dict[str, frozenset[str]] = {
    "*": frozenset({"dir", "id", "lang", "title", "xml:lang"}),
    "a": frozenset({"href", "name"}),
    "audio": frozenset({"src", "controls"}),
    "blockquote": frozenset({"cite"}),
    "col": frozenset({"span"}),
    "colgroup": frozenset({"span"}),
    "del": frozenset({"cite", "datetime"}),
    "details": frozenset({"open"}),
    "img": frozenset({"src", "srcset", "sizes", "alt", "width", "height", *LAZY}),
    "ins": frozenset({"cite", "datetime"}),
    "li": frozenset({"value"}),
    "ol": frozenset({"start", "reversed", "type"}),
    "q": frozenset({"cite"}),
    "source": frozenset({"src", "srcset", "type", "media"}),
    "td": frozenset({"colspan", "rowspan", "headers"}),
    "th": frozenset({"colspan", "rowspan", "headers", "scope", "abbr"}),
    "time": frozenset({"datetime"}),
    "video": frozenset({"src", "poster", "controls", "width", "height"}),
}

# only what the recognition of footnotes needs; ``footnotes`` takes them out of the body again
CLASSES: dict[str, frozenset[str]] = {
    "div": frozenset({"footnotes"}),
    "section": frozenset({"footnotes"}),
    "ol": frozenset({"footnotes", "footnotes-list", "wp-block-footnotes"}),
    "span": frozenset({"modern-footnotes-footnote__note"}),
    "sup": frozenset({"modern-footnotes-footnote"}),
    "a": frozenset({"footnote-backref", "reversefootnote", "footnote-ref", "footnote"}),
}
