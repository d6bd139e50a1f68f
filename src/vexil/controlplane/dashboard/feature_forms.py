"""What people fill in about a feature itself: when they make it, and in its settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef

from vexil.controlplane.dashboard import custom_fields, value_formats
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.db.models import Feature, Group, Membership, Project, Tag, User
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.queries import custom_fields as custom_field_queries
from vexil.controlplane.queries.custom_fields import CustomField

_OFFERED_MAX = 500


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen in a project, and what a feature has of it."""

    tags: Sequence[Any]
    owners: Sequence[Any]
    groups: Sequence[Any]
    """Rows with `is_chosen`."""
    custom: Sequence[CustomField]
    texts: Mapping[int, str]
    """Values of custom fields, by the id of the model field."""

    def tags_of(self, ids: Sequence[str]) -> list[Tag]:
        return [tag for tag in self.tags if str(tag.pk) in ids]

    def owners_of(self, ids: Sequence[str]) -> list[User]:
        return [user for user in self.owners if str(user.pk) in ids]

    def groups_of(self, ids: Sequence[str]) -> list[Group]:
        return [group for group in self.groups if str(group.pk) in ids]


def choices(project: Project, feature: Feature | None = None) -> Choices:
    """Four statements, and one of a feature that is there."""
    own = Feature.objects.filter(pk=feature.pk if feature else 0)
    tags = Tag.objects.filter(project=project).annotate(is_chosen=Exists(own.filter(tags=OuterRef("pk"))))
    owns = Exists(own.filter(owners=OuterRef("pk")))
    belongs = Exists(Membership.objects.filter(user=OuterRef("pk"), organisation=project.organisation_id))
    owners = User.objects.annotate(is_chosen=owns).filter(belongs | owns)
    in_group = Exists(own.filter(group_owners=OuterRef("pk")))
    groups = Group.objects.filter(organisation=project.organisation_id).annotate(is_chosen=in_group)
    return Choices(
        list(tags.order_by("label", "pk")[:_OFFERED_MAX]),
        list(owners.order_by("-is_chosen", "first_name", "last_name", "pk")[:_OFFERED_MAX]),
        list(groups.order_by("-is_chosen", "name", "pk")[:_OFFERED_MAX]),
        custom_field_queries.of(project, ContentType.FEATURE),
        {row.model_field_id: row.field_value for row in feature.metadata.all()} if feature else {},
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
        self._offer("tags", [(tag.pk, tag) for tag in choices.tags], choices.tags)
        self._offer("owners", [(user.pk, user.shown_name) for user in choices.owners], choices.owners)
        self._offer("group_owners", [(group.pk, group.name) for group in choices.groups], choices.groups)
        custom_fields.add_to(self, choices.custom, choices.texts)

    def _offer(self, name: str, options: list[tuple[int, Any]], rows: Sequence[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = options
        self.initial[name] = [row.pk for row in rows if row.is_chosen]

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
