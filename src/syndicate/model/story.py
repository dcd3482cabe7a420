"""A story: the same piece in all its languages; the unit that a reader gets at most once."""

from dataclasses import dataclass
from datetime import datetime

from syndicate.model.article import Article, ArticleState
from syndicate.model.author import Bio, Link


@dataclass(frozen=True, slots=True)
class Story:
    """``id`` is opaque and permanent. ``articles`` has at most one per language, any state, in site order."""

    id: str
    articles: tuple[Article, ...]

    @property
    def published(self) -> tuple[Article, ...]:
        """The versions a reader may see (their time may still be to come)."""
        return tuple(a for a in self.articles if a.state is ArticleState.PUBLISHED)

    def in_language(self, language: str, now: datetime) -> Article | None:
        """The published version in exactly this language that is out at ``now``."""
        return next((a for a in self.published if a.language == language and a.available <= now), None)


@dataclass(frozen=True, slots=True)
class Byline:
    """A credited person as shown to a reader: the name in the reader's language, the bio with its own.

    ``url`` is the author's feed landing page or first link; empty when there is none.
    """

    key: str
    name: str
    is_translator: bool = False
    photo: str = ""
    url: str = ""
    links: tuple[Link, ...] = ()
    bio: Bio | None = None


@dataclass(frozen=True, slots=True)
class Translation:
    """Another language version of the same story that is out."""

    language: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class SimilarPost:
    """Another story to read next. ``language`` is shown (``marked``) when it is not the reader's first."""

    article_id: str
    story: str
    language: str
    title: str
    url: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class CompleteArticle:
    """An article with all that is appended to it; what feeds and digests are made from.

    ``bylines`` follow ``article.authors`` then ``article.translators``. ``translations`` leave out itself.
    """

    article: Article
    bylines: tuple[Byline, ...] = ()
    translations: tuple[Translation, ...] = ()
    similar: tuple[SimilarPost, ...] = ()
