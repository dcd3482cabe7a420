"""The error tree. Each error says what is at fault and what to do about it."""


class SyndicateError(Exception):
    """Base of every error that syndicate raises on purpose; its text is fit to show to a person."""


class ConfigError(SyndicateError):
    """config.toml, or the environment, is wrong: names file, key and reason. Exit status 2."""


class LanguageTagError(SyndicateError, ValueError):
    """Not a BCP 47 language tag (RFC 5646, section 2.1)."""


class UnsafeValue(SyndicateError, ValueError):
    """A value that must not go where it was meant to: a header with CR or LF, a path outside its root."""


class SourceError(SyndicateError):
    """A whole source cannot be read (folder missing, server away). One bad article is a Problem instead."""


class StoreError(SyndicateError):
    """The database cannot be opened, is of another version, or broke a promise."""


class Busy(StoreError):
    """Another process does it just now."""


class TemplateError(SyndicateError):
    """A template that a newsroom may edit has a mistake: names the file and the line."""


class NotFound(SyndicateError, LookupError):
    """What was asked for by name does not exist."""


class CarrierError(SyndicateError):
    """A carrier as a whole cannot work now (no connection, refused credentials)."""
