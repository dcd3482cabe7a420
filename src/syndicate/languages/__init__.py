"""Languages: tags, fallback, direction, names, dates and plurals, message catalogues, detection, safe text.

Importing this room is cheap: Babel, anyascii and py3langid are loaded by the first call that needs them.
"""

from syndicate.languages.catalogues import Catalogue, catalogue
from syndicate.languages.dates import format_date, format_list, format_number, reading_minutes
from syndicate.languages.detection import Guess, detect
from syndicate.languages.direction import direction, isolate
from syndicate.languages.fallback import choose, interface, match
from syndicate.languages.folding import folded
from syndicate.languages.names import capital, endonym, from_name, name_in
from syndicate.languages.slugs import slug
from syndicate.languages.tags import SHIPPED, is_cjk, normalise, primary
from syndicate.languages.text import visible

__all__ = [
    "SHIPPED",
    "Catalogue",
    "Guess",
    "capital",
    "catalogue",
    "choose",
    "detect",
    "direction",
    "endonym",
    "folded",
    "format_date",
    "format_list",
    "format_number",
    "from_name",
    "interface",
    "is_cjk",
    "isolate",
    "match",
    "name_in",
    "normalise",
    "primary",
    "reading_minutes",
    "slug",
    "visible",
]
