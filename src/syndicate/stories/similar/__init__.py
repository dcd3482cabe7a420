"""Similar posts: for each article the best other stories to read next, in every language of the newsroom.

    documents -> readings -> a shelf per language -> pairs of stories -> every article's list -> similar()

See docs/decisions/similar-posts.md for the method and what it scores.
"""

from syndicate.stories.similar.evaluate import Summary, evaluate
from syndicate.stories.similar.index import Index
from syndicate.stories.similar.values import Document, Neighbour

__all__ = ["Document", "Index", "Neighbour", "Summary", "evaluate"]
