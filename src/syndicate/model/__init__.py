"""The nouns: frozen values that the rooms hand to each other. Standard library only.

Every datetime is aware and in UTC. Every language is a canonical BCP 47 tag (``en``, ``tr``, ``zh-TW``).
Every ``*_html`` is clean: it passed the allow-list of ``sources`` and is a well-formed fragment.
Every other text is plain text: no markup, no control characters.
"""

from syndicate.model.article import (
    Article,
    ArticleState,
    Credit,
    Footnote,
    HeldArticle,
    Image,
    Manuscript,
    MediaFile,
    Tag,
)
from syndicate.model.author import Author, Bio, Link
from syndicate.model.delivery import (
    TRIALS,
    DeliveryState,
    Event,
    EventKind,
    HandOver,
    Letter,
    Outcome,
    Personal,
    SkipReason,
)
from syndicate.model.errors import (
    Busy,
    CarrierError,
    ConfigError,
    LanguageTagError,
    NotFound,
    SourceError,
    StoreError,
    SyndicateError,
    TemplateError,
    UnsafeValue,
)
from syndicate.model.issue import (
    Choice,
    Edition,
    EditionItem,
    Issue,
    IssueState,
    Placement,
    Verdict,
)
from syndicate.model.newsletter import Newsletter, Site
from syndicate.model.problem import Problem
from syndicate.model.signup import Signup, SignupState, Wish
from syndicate.model.source import Found, Gone, SourceItem, Touched
from syndicate.model.staff import COMMAND_LINE, Actor, Draft, Role, Session, StaffMember
from syndicate.model.story import Byline, CompleteArticle, SimilarPost, Story, Translation
from syndicate.model.subscriber import Subscriber, SubscriberStatus, Subscription

__all__ = [
    "COMMAND_LINE",
    "TRIALS",
    "Actor",
    "Article",
    "ArticleState",
    "Author",
    "Bio",
    "Busy",
    "Byline",
    "CarrierError",
    "Choice",
    "CompleteArticle",
    "ConfigError",
    "Credit",
    "DeliveryState",
    "Draft",
    "Edition",
    "EditionItem",
    "Event",
    "EventKind",
    "Footnote",
    "Found",
    "Gone",
    "HandOver",
    "HeldArticle",
    "Image",
    "Issue",
    "IssueState",
    "LanguageTagError",
    "Letter",
    "Link",
    "Manuscript",
    "MediaFile",
    "Newsletter",
    "NotFound",
    "Outcome",
    "Personal",
    "Placement",
    "Problem",
    "Role",
    "Session",
    "Signup",
    "SignupState",
    "SimilarPost",
    "Site",
    "SkipReason",
    "SourceError",
    "SourceItem",
    "StaffMember",
    "StoreError",
    "Story",
    "Subscriber",
    "SubscriberStatus",
    "Subscription",
    "SyndicateError",
    "Tag",
    "TemplateError",
    "Touched",
    "Translation",
    "UnsafeValue",
    "Verdict",
    "Wish",
]
