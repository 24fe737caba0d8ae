"""Whether values suit a template's fields: told to who fills them; a title is drawn whatever they are."""

from __future__ import annotations

import re

from console.graphics.clocks import read_day_ms, read_time_ms
from console.graphics.reading import ROWS, is_number
from console.graphics.template import FieldType, Template, TemplateField, Value, Values, table_rows

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?")
_COUNTRY = re.compile(r"[A-Za-z]{3}")


def faults_of(template: Template, values: Values) -> tuple[str, ...]:
    """A sentence for each value that its field can't show, and for each field that the template does not have.

    Empty values suit every field.
    """
    known = {one.name: one for one in template.fields}
    found: list[str] = []
    for name, value in values.items():
        if name not in known:
            names = ", ".join(known) or "none"
            found.append(f"{template.name} has no field '{name}' (its fields: {names})")
        elif known[name].type is FieldType.TABLE:
            found += _table_faults(known[name], value)
        elif not isinstance(value, str):
            found.append(f"{known[name].label} is not a table, it takes text")
        else:
            found += _fault(known[name], value, known[name].label)
    return tuple(found)


def _table_faults(field: TemplateField, value: Value) -> list[str]:
    rows = table_rows(value, field.columns)
    found = [f"{field.label} has {len(rows)} rows, at most {ROWS} are drawn"] if len(rows) > ROWS else []
    columns = {one.name: one for one in field.columns}
    for number, row in enumerate(rows[:ROWS], 1):
        for name, cell in row.items():
            if name in columns:  # a data feed's rows hold more than a table shows
                found += _fault(columns[name], str(cell), f"{field.label}, row {number}, {columns[name].label}")
    return found


def _fault(field: TemplateField, text: str, label: str) -> list[str]:
    text = text.strip()
    if not text:
        return []
    shown = text if len(text) <= 30 else f"{text[:29]}…"
    if field.type is FieldType.NUMBER and not is_number(text):
        return [f"{label}: '{shown}' is not a number"]
    if field.type is FieldType.TIME and read_time_ms(text) is None and read_day_ms(text) is None:
        return [f"{label}: '{shown}' is not a time, such as 1:30 or 20:30:00"]
    if field.type is FieldType.COUNTRY and not _COUNTRY.fullmatch(text):
        return [f"{label}: '{shown}' is not a country's three letters"]
    if field.type is FieldType.COLOUR and not _COLOUR.fullmatch(text):
        return [f"{label}: '{shown}' is not a colour, such as #e01414"]
    return []
