"""What the address of a feature list asks for, and how the page tells of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, QueryDict

from vexil.controlplane.db.models import Environment, Group, Project, Tag, User
from vexil.controlplane.queries.features import Filters
from vexil.controlplane.queries.lifecycle import Stage

SORTS = (
    ("-created", "Newest first"),
    ("created", "Oldest first"),
    ("name", "Name A–Z"),
    ("-name", "Name Z–A"),
)
STAGES = (
    (Stage.NEW, "New: not in code yet"),
    (Stage.LIVE, "Live: found in code"),
    (Stage.STALE, "Stale, and still in code"),
    (Stage.NEEDS_MONITORING, "Stale, gone from code, still asked for"),
    (Stage.TO_REMOVE, "Can be removed"),
    (Stage.PERMANENT, "Permanent"),
)
_COLUMNS = {"created": "created_date", "name": "name"}
_ARCHIVED = {"": False, "true": True, "any": None}
_TRUTHS = {"true": True, "false": False}
FILTERS = (
    "search",
    "tags",
    "tag_strategy",
    "untagged",
    "is_enabled",
    "value_search",
    "owners",
    "group_owners",
    "archived",
    "stage",
)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is in force, and the address of the list without it."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The query of a list; what it holds beyond our words is left out."""

    query: QueryDict

    @property
    def search(self) -> str:
        return self.query.get("search", "").strip()

    @property
    def value_search(self) -> str:
        return self.query.get("value_search", "").strip()

    @property
    def is_untagged(self) -> bool:
        return self.query.get("untagged") == "true"

    @property
    def any_tag(self) -> bool:
        return self.query.get("tag_strategy") == "UNION"

    @property
    def is_enabled(self) -> str:
        value = self.query.get("is_enabled", "")
        return value if value in _TRUTHS else ""

    @property
    def archived(self) -> str:
        value = self.query.get("archived", "")
        return value if value in _ARCHIVED else ""

    @property
    def stage(self) -> str:
        value = self.query.get("stage", "")
        return value if value in Stage.values else ""

    @property
    def sort(self) -> str:
        value = self.query.get("sort", "")
        return value if value in dict(SORTS) else SORTS[0][0]

    @property
    def is_narrowed(self) -> bool:
        return any(self.query.get(name) for name in FILTERS if name != "tag_strategy")

    def ids(self, name: str) -> list[int]:
        return [int(text) for text in self.query.getlist(name) if text.isascii() and text.isdigit() and len(text) < 18]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the search form carries along unseen."""
        names = [name for name in FILTERS if name != "search"]
        return [(name, value) for name in names for value in self.query.getlist(name) if value]

    def filters(self, environment: Environment) -> Filters:
        tags = self.ids("tags")
        return Filters(
            environment=environment,
            search=self.search,
            is_archived=_ARCHIVED[self.archived],
            is_enabled=_TRUTHS.get(self.is_enabled),
            value_search=self.value_search,
            owners=self.ids("owners"),
            group_owners=self.ids("group_owners"),
            tags=[] if self.is_untagged else tags or None,
            any_tag=self.any_tag,
            stage=self.stage or None,
            order_by=_COLUMNS[self.sort.removeprefix("-")],
            descending=self.sort.startswith("-"),
        )


def list_query(request: HttpRequest) -> str:
    """The part of the address that makes the list, without a feature that is open over it."""
    query = request.GET.copy()
    for name in ("feature", "tab"):
        query.pop(name, None)
    return query.urlencode()


def chips(asked: Asked, path: str, project: Project) -> list[Chip]:
    """No statement but one for each of tags, owners and groups that are asked for."""
    found = []
    if asked.search:
        found.append(("search", f"Name contains “{asked.search}”"))
    if asked.is_untagged:
        found.append(("untagged", "Without tags"))
    elif asked.ids("tags"):
        labels = Tag.objects.filter(project=project, pk__in=asked.ids("tags")).order_by("label")
        word = " or " if asked.any_tag else " and "
        found.append(("tags", f"Tagged {word.join(labels.values_list('label', flat=True)) or 'with what is gone'}"))
    if asked.is_enabled:
        found.append(("is_enabled", "On" if asked.is_enabled == "true" else "Off"))
    if asked.value_search:
        found.append(("value_search", f"Value contains “{asked.value_search}”"))
    if asked.ids("owners"):
        names = [user.shown_name for user in owners_of(project, asked.ids("owners"))]
        found.append(("owners", f"Owned by {' or '.join(names)}"))
    if asked.ids("group_owners"):
        groups = groups_of(project, asked.ids("group_owners"))
        found.append(("group_owners", f"Owned by {' or '.join(group.name for group in groups)}"))
    if asked.archived:
        found.append(("archived", "Archived" if asked.archived == "true" else "Archived ones, too"))
    if asked.stage:
        found.append(("stage", dict(STAGES)[Stage(asked.stage)]))
    return [Chip(text, _without(asked, name, path)) for name, text in found]


def owners_of(project: Project, ids: Sequence[int] | None = None) -> list[User]:
    """Those of the organisation's members that may own features; all, or some."""
    members = User.objects.filter(memberships__organisation=project.organisation_id)
    if ids is not None:
        members = members.filter(pk__in=ids)
    return list(members.order_by("first_name", "last_name", "pk")[:200])


def groups_of(project: Project, ids: Sequence[int] | None = None) -> list[Group]:
    groups = Group.objects.filter(organisation=project.organisation_id)
    if ids is not None:
        groups = groups.filter(pk__in=ids)
    return list(groups.order_by("name", "pk")[:200])


def _without(asked: Asked, name: str, path: str) -> str:
    query = asked.query.copy()
    for gone in (name, "page", "feature", "tab"):
        query.pop(gone, None)
    return f"{path}?{query.urlencode()}"
