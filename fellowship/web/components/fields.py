"""A form field's parts, worked out once: control, hint, error, and how they point to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django import forms as django_forms
from django.forms import BaseForm, BoundField
from django.utils import timezone
from django.utils.safestring import SafeString

from fellowship.kernel.saying import say, speech
from fellowship.web import forms
from fellowship.web.items import Link
from fellowship.web.markup import markup

_KINDS: tuple[tuple[type[django_forms.Widget], str], ...] = (
    (forms.RadioScale, "scale"),
    (forms.RadioCards, "cards"),
    (django_forms.CheckboxSelectMultiple, "checks"),  # before its base class
    (django_forms.RadioSelect, "radios"),
    (django_forms.CheckboxInput, "checkbox"),
    (django_forms.Select, "select"),
    (django_forms.Textarea, "textarea"),
    (django_forms.FileInput, "file"),
)
_NOTHING = SafeString("")
GROUPS = ("scale", "cards", "radios", "checks")


@dataclass(frozen=True, slots=True)
class Option:
    """One radio button or box of a group."""

    id: str
    name: str
    value: str
    label: str
    hint: str
    checked: bool


@dataclass(frozen=True)
class FieldView:
    """What is shown of a field."""

    bound: BoundField
    kind: str
    label: str
    hint: str
    errors: list[str]
    control: SafeString
    options: list[Option]
    describedby: str
    hide_label: bool
    counter: int | None
    width: str

    @property
    def id(self) -> str:
        """The control's id; that of the first option for a group."""
        return target(self.bound)

    @property
    def base_id(self) -> str:
        """The id hint and error build theirs on."""
        return self.bound.auto_id or self.bound.html_name

    @property
    def optional(self) -> bool:
        """Whether it may stay empty and says so; a lone tick box or a row’s cell need not."""
        said = getattr(self.bound.field, "says_optional", True)
        return said and not self.bound.field.required and self.kind != "checkbox"


def kind_of(widget: django_forms.Widget) -> str:
    """The kind of control a widget is."""
    return next((kind for cls, kind in _KINDS if isinstance(widget, cls)), "input")


def target(bound: BoundField) -> str:
    """The id an error summary links to: the first control of the field."""
    base = bound.auto_id or bound.html_name
    group = isinstance(
        bound.field.widget, (django_forms.RadioSelect, django_forms.CheckboxSelectMultiple)
    )
    return f"{base}_0" if group else base


def view(
    bound: BoundField,
    *,
    label: str = "",
    hint: str = "",
    rows: int = 0,
    width: str = "",
    counter: bool = False,
    hide_label: bool = False,
) -> FieldView:
    """The parts of `bound`."""
    kind = kind_of(bound.field.widget)
    hint = _trimmed(str(hint or bound.help_text or _zone_hint(bound)))
    errors = [str(e) for e in bound.errors]
    base = bound.auto_id or bound.html_name
    named = ((hint, f"{base}_hint"), (errors, f"{base}_error"), (counter, f"{base}_count"))
    describedby = " ".join(name for present, name in named if present)
    attrs = _attrs(kind, describedby, errors, rows, width)
    limit = getattr(bound.field, "max_length", None)
    return FieldView(
        bound=bound,
        kind=kind,
        label=str(say(label or cast("str", bound.label))),
        hint=hint,
        errors=errors,
        control=SafeString("") if kind in GROUPS else bound.as_widget(attrs=attrs),
        options=_options(bound) if kind in GROUPS else [],
        describedby=describedby,
        hide_label=hide_label,
        counter=limit if counter else None,
        width=width,
    )


def _trimmed(text: str) -> str:
    """Without the space around it; what is HTML stays HTML."""
    return SafeString(text.strip()) if isinstance(text, SafeString) else text.strip()


def render(f: FieldView) -> SafeString:
    """The field as HTML: its label, hint, error, and control."""
    invalid = "field invalid" if f.errors else "field"
    if f.kind in GROUPS:
        return _group(f, invalid)
    if f.kind == "checkbox":
        return markup(
            '<div class="{}">{}<label class="ticked" for="{}">{}<span>{}</span></label>{}</div>',
            *(invalid, _error(f), f.id, f.control, f.label, _hint(f)),
        )
    return markup(
        '<div class="{}"><label for="{}"{}>{}{}</label>{}{}{}{}</div>',
        *(invalid, f.id, _hidden(f), f.label, _optional(f)),
        *(_hint(f), _error(f), f.control, _counter(f)),
    )


def keep(field: django_forms.Field) -> None:
    """Keep its HTML while nothing is given for it: it is the same in every form then."""
    if not isinstance(field.widget, forms.DateTimeInput):  # which names the reader's zone
        field._kept_html = {}  # type: ignore[attr-defined]


def shown(bound: BoundField) -> str:
    """A form's field as HTML, hidden or with label, hint and error."""
    kept: dict[tuple[str, Any], str] | None = getattr(bound.field, "_kept_html", None)
    if kept is None or bound.value() or bound.errors:
        return _shown(bound)
    key = bound.html_name, speech()
    if key not in kept:
        kept[key] = _shown(bound)
    return kept[key]


def _shown(bound: BoundField) -> str:
    return str(bound) if bound.is_hidden else render(view(bound))


def _group(f: FieldView, invalid: str) -> SafeString:
    described = markup(' aria-describedby="{}"', f.describedby) if f.describedby else ""
    return markup(
        '<fieldset class="{}" id="{}"{}><legend{}>{}{}</legend>{}{}'
        '<div class="{}">{}</div></fieldset>',
        *(invalid, f.base_id, described, _hidden(f), f.label, _optional(f), _hint(f), _error(f)),
        "scale" if f.kind == "scale" else "options",
        SafeString("".join(_choice(f, option) for option in f.options)),
    )


def _choice(f: FieldView, option: Option) -> SafeString:
    return markup(
        '<label class="{}"><input type="{}" name="{}" id="{}" value="{}"{}>'
        "<span>{}{}</span></label>\n",
        "option card-option" if f.kind == "cards" else "option",
        "checkbox" if f.kind == "checks" else "radio",
        *(option.name, option.id, option.value),
        SafeString(" checked" if option.checked else ""),
        option.label,
        markup(" <small>{}</small>", option.hint) if option.hint else "",
    )


def _hidden(f: FieldView) -> SafeString:
    return SafeString(' class="visually-hidden"' if f.hide_label else "")


def _optional(f: FieldView) -> SafeString:
    if not f.optional:
        return _NOTHING
    return markup(' <span class="optional">{}</span>', say("(optional)"))


def _hint(f: FieldView) -> SafeString | str:
    if not f.hint:
        return ""
    return markup('<div class="hint" id="{}_hint">{}</div>', f.base_id, f.hint)


def _error(f: FieldView) -> SafeString | str:
    if not f.errors:
        return ""
    return markup(
        '<p class="error" id="{}_error"><span class="visually-hidden">{}</span> {}</p>',
        f.base_id,
        say("Error:"),
        " ".join(f.errors),
    )


def _counter(f: FieldView) -> SafeString | str:
    if not f.counter:
        return ""
    return markup(
        '<p class="counter" id="{}_count" data-counter="{}" data-max="{}">{}</p>',
        *(f.base_id, f.id, f.counter, say("At most {n} characters.", n=f.counter)),
    )


def _attrs(kind: str, describedby: str, errors: list[str], rows: int, width: str) -> dict[str, Any]:
    # A label says what belongs here; a placeholder would go when it is needed most.
    attrs: dict[str, Any] = {"placeholder": False}
    attrs["class"] = f"control {f'w-{width}' if width else ''}".strip()
    if kind == "checkbox":
        attrs["class"] = "tick"
    if describedby:
        attrs["aria-describedby"] = describedby
    if errors:
        attrs["aria-invalid"] = "true"
    if kind == "textarea":
        attrs["rows"] = rows or 5
        attrs["cols"] = ""
    return attrs


def _options(bound: BoundField) -> list[Option]:
    options = []
    for sub in bound.subwidgets:
        data: dict[str, Any] = sub.data
        label = data["label"]
        options.append(
            Option(
                id=data["attrs"].get("id", f"{bound.auto_id}_{data['index']}"),
                name=data["name"],
                value=str(data["value"]),
                label=str(label),
                hint=getattr(label, "hint", ""),
                checked=bool(data["selected"]),
            )
        )
    return options


def _zone_hint(bound: BoundField) -> str:
    if isinstance(bound.field.widget, forms.DateTimeInput):
        return say("In the zone {zone}.", zone=timezone.get_current_timezone_name())
    return ""


def problems(*given: BaseForm | None) -> list[Link]:
    """Every error of the forms, each with where to mend it; no URL for one of the whole form."""
    found: list[Link] = []
    for form in given:
        if form is None or not form.is_bound:
            continue
        found += [Link(str(error), "") for error in form.non_field_errors()]
        for bound in form.visible_fields():
            found += [Link(_at(bound, e), f"#{target(bound)}") for e in bound.errors]
        for bound in form.hidden_fields():
            found += [Link(_at(bound, e), "") for e in bound.errors]
    return found


def _at(bound: BoundField, error: object) -> str:
    """An error after the label of its field, which may be a question, unless it begins with it.

    A field of several that are called the same says in `in_full` which it is.
    """
    label = str(say(cast("str", getattr(bound.field, "in_full", bound.label))))
    if str(error).startswith(f"{label}:"):
        return str(error)
    return f"{label} {error}" if label.endswith("?") else f"{label}: {error}"
