"""``syndicate bounces``: reports of failed mail are read from the mailbox they come back to."""

from dataclasses import asdict

from syndicate.cli import show
from syndicate.cli.articles import now
from syndicate.cli.command import CONFIG, AsJson, Config, app, house


@app.command()
def bounces(config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Read the mailbox of [bounces]: dead addresses and complaints are mailed no more. A second run changes nothing."""
    from syndicate.flows.bounces import bounces as read
    from syndicate.model import ConfigError

    opened = house(config)
    if opened.mailbox is None:
        raise ConfigError("config.toml names no mailbox; give bounces.maildir or bounces.imap")
    with opened.mailbox() as mailbox:
        report = read(opened.database, opened.tokens, opened.key, mailbox, now())
    if as_json:
        show.json(asdict(report))
        return
    show.line(", ".join(f"{n} {fate}" for fate, n in sorted(report.fates.items())) or "no new messages")
    if report.heard.suppressed:
        show.line(f"{report.heard.suppressed} addresses are mailed no more")
