"""``/p/{token}``: what somebody gets, in which languages and how often; all that is held about them; the way out.

See ``proof`` for what a link proves.
"""

from collections.abc import Mapping

from syndicate.flows import subscribe
from syndicate.flows.subscribe import Preferences
from syndicate.languages.zones import is_zone
from syndicate.model import Newsletter
from syndicate.web.readers import choices
from syndicate.web.readers.forms import Form
from syndicate.web.readers.proof import Reader, Readers

ORIGIN = "preferences page"
LONGEST_NAME = 200


class PreferencesPage(Readers):
    """Each method returns a page (HTML bytes), and raises UnsafeValue for a token that is not ours.

    ``chosen`` is the language of ``?in=``.
    """

    def look(self, token: str, chosen: str) -> bytes:
        """Changes nothing."""
        return self._page(self.reader("preferences", token, chosen))

    def change(self, token: str, body: bytes, chosen: str) -> bytes:
        """``body`` is a form of our page: ``save=1`` with all fields, ``everything=1``, or ``undo=KEY`` (several)."""
        reader, form = self.reader("preferences", token, chosen), Form(body)
        who, now = reader.whose.subscriber, self.clock()
        if "everything" in form:
            left = subscribe.unsubscribe_all(self.house.database, who, ORIGIN, now)
            return self._page(self.reader("preferences", token, chosen), left=left)
        if undo := tuple(form.texts("undo")):
            self.take_back(reader, undo, "undo")
            after = self.reader("preferences", token, chosen)
            return self._page(after, is_back=any(after.gets(one) for one in undo))
        if "save" in form and reader.may_choose:
            subscribe.change(self.house.database, who, self._wish(reader, form), ORIGIN, now)
            return self._page(self.reader("preferences", token, chosen), is_saved=True)
        return self._page(reader)

    def _wish(self, reader: Reader, form: Form) -> Preferences:
        """What the form says. What it cannot say, or says wrongly, stays as it is."""
        assert reader.standing is not None
        person = reader.standing.person
        offered = [option.value for option in choices.languages(self.house.site, person.languages)]
        zone = form.text("timezone")
        shown = self._shown(reader)
        stays = {one.newsletter: one.cadence for one in person.subscriptions}
        stays = {key: cadence for key, cadence in stays.items() if key not in self.house.newsletters}
        asked_for = [one for one in shown if one.key in form.texts("newsletter")]
        return Preferences(
            name=form.text("name", LONGEST_NAME),
            languages=tuple(tag for tag in form.texts("language") if tag in offered) or person.languages,
            timezone=zone if is_zone(zone) else person.timezone,
            newsletters=stays | {one.key: _cadence(one, form) for one in asked_for},
        )

    def _shown(self, reader: Reader) -> list[Newsletter]:
        """What is offered to everyone, and what this person has or had."""
        every = self.house.newsletters.values()
        return [one for one in every if one.is_open or reader.gets(one.key) or reader.may_return(one.key)]

    def _page(
        self, reader: Reader, *, is_saved: bool = False, is_back: bool = False, left: tuple[str, ...] = ()
    ) -> bytes:
        language, person = reader.tongue.language, reader.standing.person if reader.standing else None
        return self.pages.render(
            "preferences",
            reader.tongue,
            token=reader.token,
            is_saved=is_saved,
            is_back=is_back,
            left=[one for one in left if reader.may_return(one)],
            is_known=person is not None,
            may_choose=reader.may_choose,
            sign_up=self.sign_up_path(language),
            name=person.name if person else "",
            offers=self._offers(reader),
            options=(options := choices.languages(self.house.site, self.reads(reader))),
            places=choices.places(options, self.reads(reader)),
            timezone=person.timezone if person else "",
            zones=choices.time_zones(language, person.timezone) if person and reader.may_choose else (),
        )

    def _offers(self, reader: Reader) -> list[choices.Offer]:
        held: Mapping[str, str] = {}
        if reader.standing and reader.is_active:
            held = {one.newsletter: one.cadence for one in reader.standing.person.subscriptions}
        site, language, reads = self.house.site, reader.tongue.language, self.reads(reader)
        return [choices.offer(one, site, language, held, reads) for one in self._shown(reader)]


def _cadence(newsletter: Newsletter, form: Form) -> str:
    given = form.text(f"cadence-{newsletter.key}")
    return given if given in newsletter.cadences else ""
