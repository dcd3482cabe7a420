"""``syndicate story list|withdraw|restore|correct``: what staff say of a story against its source, or beside it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate.cli import show
from syndicate.cli.articles import now
from syndicate.cli.command import CONFIG, AsJson, Config, app, house
from syndicate.model import COMMAND_LINE

if TYPE_CHECKING:
    from syndicate.flows.withdraw import Affected

story = typer.Typer(no_args_is_help=True, help="Stories: find, withdraw, restore, correct.")
app.add_typer(story, name="story")

FOLLOWS = "feeds and archive follow with the clock's next publishing, or now with: syndicate publish"

Story = Annotated[str, typer.Argument(metavar="STORY", help="As `story list` shows it.")]
Language = Annotated[str, typer.Option(help="Only the version in this language.")]


@story.command("list")
def list_stories(
    words: Annotated[str, typer.Argument(help="Of a title, an author or a topic.")] = "",
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Stories, newest first, and how they stand in each language."""
    from syndicate.flows.shelf import shelf
    from syndicate.store.cards import Wanted

    opened = house(config)
    found = shelf(opened, Wanted(words), opened.site.languages[0], now()).stories
    if as_json:
        show.json(found)
        return
    columns = ("story", "out", "title", "languages")
    cells = [
        (one.id, f"{one.latest:%Y-%m-%d}", one.title,
         ", ".join(f"{at.language} {at.version}" for at in one.standings))
        for one in found
    ]  # fmt: skip
    show.table("", columns, cells)


@story.command()
def withdraw(
    identity: Story,
    language: Language = "",
    note: Annotated[str, typer.Option(help="Why, for the readers of feeds.")] = "",
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Tell it no more, whatever its source says: in feeds, archive, and issues that are not sent yet."""
    from syndicate.flows.withdraw import withdraw as withdraw_story

    opened = house(config)
    affected = withdraw_story(opened, identity, language, note, COMMAND_LINE, now())
    if as_json:
        show.json({"story": identity, "issues": {one.issue.id: one.upshot for one in affected}})
        return
    show.line(f"story {identity}: withdrawn; {FOLLOWS}")
    _tell(affected)


@story.command()
def restore(
    identity: Story, language: Language = "", config: Config = CONFIG, as_json: AsJson = False
) -> None:
    """Put back what was withdrawn: the article as its source has it by now."""
    from syndicate.flows.withdraw import put_back

    languages = put_back(house(config), identity, language, COMMAND_LINE, now())
    if as_json:
        show.json({"story": identity, "languages": languages})
    elif languages:
        show.line(f"story {identity}: back in {', '.join(languages)}; {FOLLOWS}")
    else:
        show.line(f"story {identity}: nothing of it is withdrawn by staff")


@story.command()
def correct(
    identity: Story,
    note: Annotated[
        list[str], typer.Option(metavar="LANGUAGE=TEXT", help="What was wrong, in a language of the story.")
    ],
    mail: Annotated[
        bool, typer.Option("--mail", help="Mail it to exactly those who got it in these languages.")
    ] = False,
    unsure: Annotated[bool, typer.Option("--unsure", help="And to those who may have got it.")] = False,
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Tell readers what was wrong, beside the story; what is mailed waits to be approved."""
    from syndicate.flows.correct import Mailing
    from syndicate.flows.correct import correct as correct_story

    notes = dict(_notes(note))
    mailing = Mailing(tuple(notes) if mail else (), unsure)
    made = correct_story(house(config), identity, notes, COMMAND_LINE, now(), mailing)
    if as_json:
        show.json({"story": identity, "issues": made})
        return
    show.line(f"story {identity}: corrected in {', '.join(notes)}; {FOLLOWS}")
    for one in made:
        show.line(
            f"issue {one.id}, {one.newsletter} {one.name}: look at it, then: syndicate issue approve {one.id}"
        )


def _notes(given: Iterable[str]) -> Iterable[tuple[str, str]]:
    for one in given:
        language, equals, text = one.partition("=")
        if not (language and equals):
            raise typer.BadParameter(f"{one!r}: write LANGUAGE=TEXT, such as en='It was on Tuesday.'")
        yield language, text


def _tell(affected: Iterable["Affected"]) -> None:
    for one in affected:
        show.line(f"issue {one.issue.id}, {one.issue.newsletter} {one.issue.name}: {one.upshot}")
