"""What people fill in about a feature itself: when they make it, and in its settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from vexil.controlplane.dashboard import custom_fields, feature_filters, value_formats
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.db.models import Group, Project, Tag, User
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.queries import custom_fields as custom_field_queries
from vexil.controlplane.queries.custom_fields import CustomField


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen in a project: five statements."""

    tags: Sequence[Tag]
    owners: Sequence[User]
    groups: Sequence[Group]
    custom: Sequence[CustomField]

    def tags_of(self, ids: Sequence[str]) -> list[Tag]:
        return [tag for tag in self.tags if str(tag.pk) in ids]

    def owners_of(self, ids: Sequence[str]) -> list[User]:
        return [user for user in self.owners if str(user.pk) in ids]

    def groups_of(self, ids: Sequence[str]) -> list[Group]:
        return [group for group in self.groups if str(group.pk) in ids]


def choices(project: Project) -> Choices:
    return Choices(
        list(Tag.objects.filter(project=project).order_by("label", "pk")[:500]),
        feature_filters.owners_of(project),
        feature_filters.groups_of(project),
        custom_field_queries.of(project, ContentType.FEATURE),
    )


class Settings(Form):
    description = forms.CharField(
        required=False, widget=forms.Textarea, help_text="What it switches, and when it can go."
    )
    tags = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    owners = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    group_owners = forms.MultipleChoiceField(label="Owning groups", required=False, widget=forms.CheckboxSelectMultiple)
    is_server_key_only = forms.BooleanField(
        label="Server-side only", required=False, help_text="Browsers and apps, which use the client key, never see it."
    )
    is_archived = forms.BooleanField(
        label="Archived", required=False, help_text="It keeps working and leaves the list of features."
    )

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = choices
        self._offer("tags", [(tag.pk, tag) for tag in choices.tags])
        self._offer("owners", [(user.pk, user.shown_name) for user in choices.owners])
        self._offer("group_owners", [(group.pk, group.name) for group in choices.groups])
        custom_fields.add_to(self, choices.custom, self.initial.get("custom"))

    def _offer(self, name: str, options: list[tuple[int, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = options

    @property
    def custom(self) -> list[forms.BoundField]:
        return custom_fields.bound(self)


class NewFeature(Settings):
    name = forms.CharField(max_length=2000, widget=forms.TextInput(attrs={"autofocus": True, "spellcheck": "false"}))
    default_enabled = forms.BooleanField(
        label="Enabled by default", required=False, help_text="On in every environment from the start, and in new ones."
    )
    value_format = forms.ChoiceField(choices=value_formats.FORMATS, required=False)

    def __init__(self, *args: Any, project: Project, value_characters_max: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._project = project
        text = forms.Textarea(attrs={"class": "code", "spellcheck": "false"})
        self.add("value", forms.CharField(required=False, strip=False, max_length=value_characters_max, widget=text))
        self.fields["name"].help_text = name_hint(project)

    def clean_name(self) -> str:
        """Blanks become underscores, since names are typed into programs."""
        name = "_".join(str(self.cleaned_data["name"]).split())
        if self._project.only_allow_lower_case_feature_names and name != name.lower():
            raise forms.ValidationError(f"This project wants names in lower case: {name.lower()}")
        return name

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        wrong = value_formats.problem(given.get("value", ""), self.data.get("value_format", ""))
        if wrong:
            self.add_error("value", wrong)
        return given


def name_hint(project: Project) -> str:
    """What the project asks of names."""
    hint = "As programs ask for it; blanks become underscores."
    if project.only_allow_lower_case_feature_names:
        hint += " In lower case."
    if project.feature_name_regex:
        hint += f" It must match {project.feature_name_regex}"
    return hint
