"""Similar posts: for each article the best other stories to read next, in every language of the newsroom.

    documents -> tokens -> a term matrix per language -> pairs of stories -> every article's list -> similar()

The modules, in reading order:

    document       what goes in (Document) and comes out (Neighbour)
    index          the front door: open, save, rebuild, update, similar
    tokenizer      a text to folded, stemmed terms, by the rules of its language
    tokens         a document tokenized once: numbers of its terms, line by line, so that boilerplate can go
    weighting      one language's term statistics, TF-IDF and BM25 weights
    term_matrix    those weights by article and by term, and how alike two articles are
    candidates     which pairs are worth scoring: top-n sparse products, and the nearest in time
    text_views     titles, character n-grams and latent directions (LSA), for a learnt ranking
    features       the raw features of pairs of stories
    ranking        S, S·t or the regression learnt from the newsroom's links, and the choice among them
    build          a rebuild, from documents to every article's list
    snapshot       what a rebuild made, as a view of arrays
    delta          the term matrix of what came since
    state          snapshot and delta as one
    update         a story came or changed: its own lists, and its place in the lists of others
    query          the lists as a reader sees them, filled where they are too short
    serialisation  cards, tokens and patches as arrays and back
    storage        the files: arrays, patches, manifest
    evaluate       a collection through all this, for measuring

See docs/decisions/similar-posts.md for the method and what it scores.
"""

from syndicate.stories.similar.document import Document, Neighbour
from syndicate.stories.similar.evaluate import Summary, evaluate
from syndicate.stories.similar.index import Index

__all__ = ["Document", "Index", "Neighbour", "Summary", "evaluate"]
