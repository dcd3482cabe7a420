"""``syndicate bounces``: reports of failed mail are read from the mailbox they come back to."""

from syndicate.cli import show
from syndicate.cli.articles import now
from syndicate.cli.command import CONFIG, AsJson, Config, app, house


@app.command()
def bounces(config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Read reports of failed mail, each once: dead addresses and complaints are mailed no more."""
    from syndicate.flows.bounces import bounces as read
    from syndicate.model import ConfigError

    opened = house(config)
    if opened.mailbox is None:
        raise ConfigError("config.toml names no mailbox; give bounces.maildir or bounces.imap")
    with opened.mailbox() as box:
        report = read(opened.database, opened.tokens, opened.key, box, now())
    heard = report.heard
    if as_json:
        numbers = {
            "changed": heard.changed,
            "suppressed": heard.suppressed,
            "unsubscribed": heard.unsubscribed,
        }
        show.json({"messages": report.fates, **numbers})
        return
    show.line(", ".join(f"{n} {fate}" for fate, n in sorted(report.fates.items())) or "no new messages")
    if heard.suppressed:
        show.line(f"mailed no more: {heard.suppressed}")
