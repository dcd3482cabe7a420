"""The one place that knows everyone: settings in, a :class:`House` out. The console command starts here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syndicate.model import ConfigError, Event, SourceItem

if TYPE_CHECKING:
    from syndicate.carriers.sendgrid import SendGridAccount
    from syndicate.clock import Clock
    from syndicate.config import (
        FeedSection,
        MarkdownSection,
        PageSection,
        Settings,
        SourceSection,
        WordPressSection,
        WxrSection,
    )
    from syndicate.deliveries import Limits
    from syndicate.flows.bounces import Mailbox
    from syndicate.flows.duties import Told
    from syndicate.flows.hear_back import Hook
    from syndicate.flows.house import House
    from syndicate.flows.outside import Outside
    from syndicate.flows.send import Carrier
    from syndicate.subscribers.signups import SignupRules


def main() -> None:
    """``syndicate``: exit status 0 done, 1 failed, 2 misused."""
    from syndicate.cli import command

    command(open_house, serve, keep_time)


def open_house(config: Path) -> "House":
    """Read and check ``config``, open and migrate the database. Raises ConfigError, StoreError."""
    from syndicate.config import load
    from syndicate.feeds import FeedScope
    from syndicate.flows.house import House
    from syndicate.flows.publish import FeedSettings
    from syndicate.store import Database, PublicTree

    settings = load(config)
    database = Database(settings.database_url)
    database.migrate()
    site = settings.as_site()
    return House(
        site=site,
        newsletters=settings.as_newsletters(),
        database=database,
        tree=PublicTree(settings.path(settings.paths.public)),
        origins=tuple(_origin(settings, section) for section in settings.sources),
        similar=settings.path(settings.paths.similar),
        similar_count=settings.similar.count,
        feeds=FeedSettings(
            page_size=settings.feeds.page_size,
            archives=tuple(FeedScope(name) for name in settings.feeds.archives),
            templates=settings.templates,
            moved=settings.feeds.moved,
            signs_up=any(one.open for one in settings.newsletters.values()),
        ),
        templates=settings.templates,
        key=settings.signing_key(),
        carrier=_carrier(settings),
        post=_post(settings),
        carrier_place=_carrier_place(settings),
        lock=settings.path(settings.paths.secret).with_name("send.lock"),
        lists=settings.root / "subscribers",
        from_address=settings.mail.from_address,
        reply_to=settings.mail.reply_to,
        unsubscribe_address=settings.mail.unsubscribe_address or settings.mail.from_address,
        return_path=settings.mail.return_path,
        verp=settings.mail.verp,
        attempts=settings.mail.attempts,
        on_unsure=settings.mail.on_unsure,
        limits=_limits(settings),
        hooks=_hooks(settings),
        mailbox=_mailbox(settings),
        suppressions=_suppressions(settings),
        ingest_every=settings.clock.ingest,
        listen_every=settings.clock.listen,
        signup=_signup(settings),
        hosts=settings.web.hosts,
        proxies=settings.web.proxies,
        metrics_for=settings.web.metrics_for,
        second_factor=settings.staff.second_factor,
        undo=settings.staff.undo,
        confirm_above=settings.staff.confirm_above,
        log_format=settings.log.format,
        log_level=settings.log.level,
        secret=None if settings.secret("secret").get_secret_value() else settings.path(settings.paths.secret),
        places={s.name: settings.path(p) for s in settings.sources if (p := getattr(s, "path", None))},
        outside=_outside(settings),
    )


def serve(house: "House", host: str, port: int, tell: "Callable[[Told], None] | None" = None) -> None:
    """Serve the public tree, the readers' and the staff's pages until interrupted; with ``tell`` keep time, too."""
    from syndicate.web import serve as serve_web

    if tell is None:
        serve_web(house, host, port)
        return
    clock = _clock(house, tell)
    clock.begin()
    try:
        serve_web(house, host, port)
    finally:
        clock.end()


def keep_time(house: "House", tell: "Callable[[Told], None]") -> None:
    """Do what is due in its time, until interrupted; ``tell`` hears of everything that is done."""
    _clock(house, tell).run()


def _clock(house: "House", tell: "Callable[[Told], None]") -> "Clock":
    from syndicate.clock import Clock, Rhythm

    return Clock(house, Rhythm(ingest=house.ingest_every, listen=house.listen_every), tell)


_Read = Callable[[Mapping[str, str], datetime], Iterator[SourceItem]]


@dataclass(frozen=True, slots=True)
class _Origin:
    """A source as the flow wants it: a name, and how to read it."""

    name: str
    reader: _Read

    def read(self, known: Mapping[str, str], now: datetime) -> Iterator[SourceItem]:
        return self.reader(known, now)


def _origin(settings: "Settings", section: "SourceSection") -> _Origin:
    makers: dict[str, Callable[[Settings, Any], _Read]] = {
        "markdown": _markdown,
        "page": _page,
        "wordpress": _wordpress,
        "wxr": _wxr,
        "feed": _feed,
    }
    return _Origin(section.name, makers[section.kind](settings, section))


def _markdown(settings: "Settings", section: "MarkdownSection") -> _Read:
    from syndicate.sources.markdown import MarkdownSettings, read

    given = MarkdownSettings(
        name=section.name,
        path=settings.path(section.path),
        languages=settings.site.languages,
        default_language=settings.language(section.default_language),
        url=section.url,
        media_url=f"{settings.site.public_url}/media",
        authors=settings.path(section.authors) if section.authors else None,
        tags=settings.path(section.tags) if section.tags else None,
        timezone=settings.site.timezone,
        include=section.include,
        exclude=section.exclude,
    )
    return partial(read, given)


def _page(settings: "Settings", section: "PageSection") -> _Read:
    from syndicate.sources.page import PageSettings, read

    given = PageSettings(
        name=section.name,
        path=settings.path(section.path),
        languages=settings.site.languages,
        default_language=settings.language(section.default_language),
        url=section.url,
        timezone=settings.site.timezone,
    )
    return partial(read, given)


def _wordpress(settings: "Settings", section: "WordPressSection") -> _Read:
    from syndicate.sources.fetch import FetchSettings
    from syndicate.sources.wordpress import WordPressSettings, read

    given = WordPressSettings(
        name=section.name,
        url=section.url,
        languages=settings.site.languages,
        default_language=settings.language(section.default_language),
        username=section.username,
        application_password=settings.secret(f"{section.name}_password").get_secret_value(),
        drafts=section.drafts,
        page_size=section.page_size,
        timezone=settings.site.timezone,
        post_types=section.post_types,
        fetch=FetchSettings(allow_private=section.allow_private),
    )
    return partial(read, given)


def _wxr(settings: "Settings", section: "WxrSection") -> _Read:
    from syndicate.sources.wxr import WxrSettings, read

    given = WxrSettings(
        name=section.name,
        path=settings.path(section.path),
        languages=settings.site.languages,
        default_language=settings.language(section.default_language),
        timezone=settings.site.timezone,
    )
    return partial(read, given)


def _feed(settings: "Settings", section: "FeedSection") -> _Read:
    from syndicate.sources.feed import FeedSettings, read
    from syndicate.sources.fetch import FetchSettings

    given = FeedSettings(
        name=section.name,
        url=section.url,
        path=settings.path(section.path) if section.path else None,
        language=section.language,
        languages=settings.site.languages,
        fetch=FetchSettings(allow_private=section.allow_private),
    )
    return partial(read, given)


def _carrier(settings: "Settings") -> "Callable[[], AbstractContextManager[Carrier]]":
    makers = {"outbox": _outbox, "smtp": _smtp, "sendgrid": _sendgrid}
    return makers[settings.mail.carrier](settings)


def _outbox(settings: "Settings") -> "Callable[[], AbstractContextManager[Carrier]]":
    from syndicate.carriers import Outbox

    return lambda: Outbox(settings.path(settings.paths.outbox))


def _smtp(settings: "Settings") -> "Callable[[], AbstractContextManager[Carrier]]":
    smtp = settings.carriers.smtp
    password = settings.secret("smtp_password").get_secret_value()
    if smtp.username and not password:
        raise ConfigError("carriers.smtp.username is set, but SYNDICATE_SMTP_PASSWORD is not")

    @contextmanager
    def opened() -> "Iterator[Carrier]":
        from syndicate.carriers.smtp import Smtp, SmtpServer

        server = SmtpServer(
            host=smtp.host,
            port=smtp.port,
            security=smtp.security,
            username=smtp.username,
            password=password,
            auth=smtp.auth,
            hello=smtp.hello,
            timeout=smtp.timeout.total_seconds(),
            connections=smtp.connections,
            messages_per_connection=smtp.messages_per_connection,
        )
        with _signing(settings) as sign, Smtp(server, sign) as carrier:
            yield carrier

    return opened


@contextmanager
def _signing(settings: "Settings") -> Iterator[Callable[[Sequence[bytes]], bytes] | None]:
    """DKIM with the keys of config.toml; None where there are none."""
    sections = settings.carriers.smtp.dkim
    if not sections:
        yield None
        return
    from syndicate.carriers.dkim import Signer, SigningPool

    signers = [Signer(one.domain, one.selector, _key(settings.path(one.key))) for one in sections]
    with SigningPool(signers) as pool:
        yield pool.sign


def _key(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"carriers.smtp.dkim: {path}: {error.strerror}") from error


def _sendgrid(settings: "Settings") -> "Callable[[], AbstractContextManager[Carrier]]":
    account = _sendgrid_account(settings)

    def opened() -> "AbstractContextManager[Carrier]":
        from syndicate.carriers.sendgrid import SendGrid

        return SendGrid(account)

    return opened


def _sendgrid_account(settings: "Settings") -> "SendGridAccount":
    from syndicate.carriers.sendgrid import SendGridAccount

    section = settings.carriers.sendgrid
    key = settings.secret("sendgrid_key").get_secret_value()
    if not key:
        raise ConfigError('mail.carrier is "sendgrid", but SYNDICATE_SENDGRID_KEY is not set')
    return SendGridAccount(
        url=section.url,
        key=key,
        personalizations=section.personalizations,
        connections=section.connections,
        strict=section.strict,
        sandbox=section.sandbox,
        timeout=section.timeout.total_seconds(),
        categories=section.categories,
        opens=section.opens,
        clicks=section.clicks,
    )


def _post(settings: "Settings") -> "Callable[[], AbstractContextManager[Carrier]]":
    """The carrier for single letters that somebody waits for: SendGrid is not to schedule them."""
    if settings.mail.carrier != "sendgrid":
        return _carrier(settings)
    account = replace(_sendgrid_account(settings), strict=False)

    def opened() -> "AbstractContextManager[Carrier]":
        from syndicate.carriers.sendgrid import SendGrid

        return SendGrid(account)

    return opened


def _signup(settings: "Settings") -> "SignupRules":
    from syndicate.subscribers.signups import SignupRules

    section = settings.signup
    return SignupRules(
        from_address=section.from_address or settings.mail.from_address,
        expires=section.expires,
        per_network=section.per_network,
        in_all=section.in_all,
    )


def _outside(settings: "Settings") -> "Outside":
    from syndicate.carriers.names import txt_records
    from syndicate.carriers.spam import is_installed, spamminess
    from syndicate.digests.preflight import Score
    from syndicate.flows.outside import Outside

    def links(urls: Iterable[str]) -> Mapping[str, str]:
        # httpx takes its time to import, and most commands ask nobody.
        from syndicate.sources.fetch.answering import unanswered

        return unanswered(urls)

    signed = tuple((one.domain, one.selector) for one in settings.carriers.smtp.dkim)
    at_sendgrid = tuple((settings.mail.from_address.rpartition("@")[2], one) for one in ("s1", "s2"))
    return Outside(
        links=links,
        records=txt_records,
        spam=(lambda message: Score(*spamminess(message))) if is_installed() else None,
        carrier=settings.mail.carrier,
        keys={"smtp": signed, "sendgrid": at_sendgrid}.get(settings.mail.carrier, ()),
    )


def _limits(settings: "Settings") -> "Limits":
    from syndicate.deliveries import Limits

    section = {"smtp": settings.carriers.smtp, "sendgrid": settings.carriers.sendgrid}.get(
        settings.mail.carrier
    )
    if section is None:
        return Limits()
    return Limits(
        per_second=section.per_second,
        per_second_domain=section.per_second_domain,
        domains=section.domains,
        warm_up=section.warm_up,
        growth=section.warm_up_growth,
    )


def _carrier_place(settings: "Settings") -> str:
    if settings.mail.carrier == "outbox":
        return str(settings.path(settings.paths.outbox))
    if settings.mail.carrier == "sendgrid":
        return settings.carriers.sendgrid.url
    return f"{settings.carriers.smtp.host}:{settings.carriers.smtp.port}"


def _hooks(settings: "Settings") -> "dict[str, Hook]":
    """Of the providers whose signatures can be checked."""
    key = settings.carriers.sendgrid.webhook_key
    if not key:
        return {}
    from syndicate.carriers.sendgrid.hook import SendGridHook

    return {"sendgrid": SendGridHook(key)}


def _suppressions(settings: "Settings") -> "Callable[[datetime | None], Iterator[Event]] | None":
    """What the provider itself would not mail any more; None for carriers that keep no such list."""
    if settings.mail.carrier != "sendgrid":
        return None
    from syndicate.carriers.sendgrid.suppressions import suppressions

    return partial(suppressions, _sendgrid_account(settings))


def _mailbox(settings: "Settings") -> "Callable[[], AbstractContextManager[Mailbox]] | None":
    """What reports of failed mail come back to; None where nothing is set."""
    from syndicate.carriers.mailbox import Imap, ImapServer, Maildir

    section = settings.bounces
    if section.maildir:
        folder = settings.path(section.maildir)
        return lambda: Maildir(folder)
    if not section.imap:
        return None
    host, _, port = section.imap.rpartition(":")
    password = settings.secret("bounces_password").get_secret_value()
    if not password:
        raise ConfigError("bounces.imap is set, but SYNDICATE_BOUNCES_PASSWORD is not")
    server = ImapServer(host, section.username, password, int(port), section.folder)
    return lambda: Imap(server)
