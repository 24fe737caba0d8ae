"""What is being written for a keyer's title and not sent yet, and how a keyer stands, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from console.desk.world import World
from console.graphics.template import FieldType, Template, TemplateField, Value
from console.results.binding import Feeds, bind
from console.show.model import Air, Setup
from console.show.world import Field, Title


@dataclass(frozen=True)
class Draft:
    """A title at the desk."""

    template: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    """What fields hold that were filled in; all others are as the template has them."""
    base: Title | None = None
    """What the keyer had when the writing began."""

    @property
    def title(self) -> Title | None:
        """What would be sent; None while no template is chosen."""
        if not self.template:
            return None
        return Title(self.template, tuple(Field(name, text) for name, text in self.values.items()))

    def edited(self, sent: Title | None) -> bool:
        """Whether it differs from what the keyer has."""
        return not same(self.title, sent)

    def following(self, sent: Title | None) -> Draft:
        """The draft now that the keyer has this: what was not touched follows, what was written stays."""
        untouched = not self.edited(self.base) or not self.edited(sent)
        return draft_of(sent) if untouched and sent is not self.base else self

    def with_value(self, name: str, text: str, usual: str) -> Draft:
        """With a field filled in; `usual` is what the template has there."""
        values = {**self.values, name: text}
        if text == usual:
            del values[name]
        return replace(self, values=values)

    def with_template(self, template: str) -> Draft:
        """With another template, whose fields of the same name keep what they hold."""
        return replace(self, template=template)


def draft_of(sent: Title | None) -> Draft:
    """A draft that is what the keyer has."""
    if sent is None:
        return Draft()
    return Draft(sent.template, {one.name: one.value for one in sent.fields}, sent)


def same(one: Title | None, other: Title | None) -> bool:
    """Whether two titles show the same, whatever the order of their fields."""
    if one is None or other is None:
        return one is other
    return one.template == other.template and set(one.fields) == set(other.fields)


def known_values(draft: Draft, template: Template) -> Draft:
    """Without what the template has no field for, in its order."""
    names = [one.name for one in template.fields if one.name in draft.values]
    return replace(draft, values={name: draft.values[name] for name in names})


def as_text(value: Value, columns: tuple[TemplateField, ...]) -> str:
    """A value as it is typed: the rows of a table are lines, with `|` between cells."""
    if isinstance(value, str):
        return value
    return "\n".join(" | ".join(row.get(column.name, "") for column in columns) for row in value)


def typed(text: str, kind: FieldType) -> str:
    """What was typed or pasted, as a show may hold it: cells of a spreadsheet come with tabs between them."""
    between = " | " if kind is FieldType.TABLE else " "
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", between)


class Standing(StrEnum):
    """How a keyer's title or source stands."""

    EMPTY = "empty"
    OFF = "off"
    LEAVING = "leaving"
    ON = "on"


def standing(setup: Setup, air: Air, index: int) -> Standing:
    """How a keyer (from 0) stands on program."""
    titled = setup.titles[index] is not None
    if not titled and setup.keyers[index] is None:
        return Standing.EMPTY
    if titled and air.titles[index].on:
        return Standing.ON
    if air.keyers_on[index]:
        return Standing.LEAVING if titled else Standing.ON
    return Standing.OFF


def what_it_has(world: World, index: int, names: Mapping[str, str], values: Feeds) -> str:
    """A keyer's title or source in a few words; `names` are those of templates by id, `values` what feeds say."""
    setup = world.setup
    title, source = setup.titles[index], setup.source(setup.keyers[index])
    if title is not None:
        bound = (bind(one.value, values)[0] for one in title.fields)
        first = next((text.partition("\n")[0] for text in bound if isinstance(text, str) and text.strip()), "")
        name = names.get(title.template, title.template)
        return f"{name}: {first}" if first else name
    return source.name if source else ""


def advice(world: World, index: int, draft: Draft, key: str) -> tuple[str, str]:
    """What whoever writes should know of the keyer now, and its severity."""
    name, sent = f"DSK {index + 1}", world.setup.titles[index]
    how, edited = standing(world.setup, world.air, index), draft.edited(sent)
    if how is Standing.ON and sent is None:
        return f"{name} has a source on program. Take it off before you give it a title.", "warning"
    if edited and not same(draft.base, sent):
        return f"{name} was given another title meanwhile. Revert shows that one.", "warning"
    if edited and draft.title is None:
        return "Choose a template, or Revert.", "warning"
    if edited and how in (Standing.ON, Standing.LEAVING):
        return "Edited. On air is still what was sent before; Update changes it.", "warning"
    if edited:
        before = "what was prepared before" if sent else "nothing of it"
        return f"Edited. {key or 'Take'} takes {before}; Prepare first.", "warning"
    words = {
        Standing.EMPTY: f"{name} is empty. Choose a template and fill it in.",
        Standing.OFF: f"Prepared on {name}. {key or 'Take'} takes it." if sent else f"{name} has a source.",
        Standing.LEAVING: "On its way out.",
        Standing.ON: "On air as it stands here.",
    }
    return words[how], "alarm" if how is Standing.ON else ""
