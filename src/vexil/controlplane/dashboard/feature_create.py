"""A new feature, with its value and variations in all environments."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern

from vexil.controlplane import permissions
from vexil.controlplane.actions import features as actions
from vexil.controlplane.actions.features import NewFeature
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.dashboard import custom_fields, feature_forms, feature_rows, rendering, variations
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment
from vexil.controlplane.dashboard.variations import Variation
from vexil.controlplane.db.models import Feature
from vexil.controlplane.db.models.features import FeatureType


def create(request: HttpRequest, project_id: int, environment_key: str) -> HttpResponse:
    place = at_environment(request, project_id, environment_key)
    assert place.project is not None
    if not place.project_rights.include(permissions.CREATE_FEATURE):
        raise PermissionDenied(permissions.CREATE_FEATURE)
    offered = feature_forms.choices(place.project)
    limit = settings.VEXIL.feature_value_characters_max
    form = feature_forms.NewFeature(
        request.POST or None,
        choices=offered,
        project=place.project,
        value_characters_max=limit,
        initial={"value_format": "txt"},
    )
    rows = variations.typed(request.POST)
    if request.method == "POST" and not _only_rows(request):
        made = _attempt(place, form, rows)
        if made is not None:
            url = feature_rows.panel_url(place, made.pk)
            return rendering.done(request, url, f"{made.name} is there in all environments.")
    return _shown(request, place, form, variations.with_another(rows) if "another" in request.POST else rows)


def _shown(request: HttpRequest, place: Place, form: feature_forms.NewFeature, rows: list[Variation]) -> HttpResponse:
    assert place.project is not None
    count = Feature.live.filter(project=place.project).count()
    values = {
        "rows": rows,
        "bar": variations.bar(rows),
        "count": count,
        "limit": place.project.max_features_allowed,
        "is_near_limit": count >= 0.9 * place.project.max_features_allowed,
        "is_full": count >= place.project.max_features_allowed,
        "may_vary": place.project_rights.is_admin,
        "list_url": feature_rows.list_url(place),
    }
    if _only_rows(request):
        form.errors.clear()
        return rendering.page(request, "features/create.html", place, {"form": form, **values})
    return rendering.form_page(request, "features/create.html", place, form, values)


def _only_rows(request: HttpRequest) -> bool:
    """Whether a row was added or taken out, which saves nothing."""
    return "another" in request.POST or "without" in request.POST


def _attempt(place: Place, form: feature_forms.NewFeature, rows: list[Variation]) -> Feature | None:
    if rows and (wrong := variations.problem(rows)):
        form.add_error(None, wrong)
    if rows and not place.project_rights.is_admin:
        form.add_error(None, "Only the project's administrators make features with variations.")
    if not form.is_valid() or form.errors:
        return None
    project = place.project
    assert project is not None
    return form.attempt(lambda: actions.create(project, _new(form, rows), by=place.by))


def _new(form: feature_forms.NewFeature, rows: list[Variation]) -> NewFeature:
    given, offered = form.cleaned_data, form.offered
    return NewFeature(
        name=given["name"],
        type=FeatureType.MULTIVARIATE if rows else FeatureType.STANDARD,
        initial_value=given["value"] or None,
        default_enabled=given["default_enabled"],
        description=given["description"] or None,
        is_archived=given["is_archived"],
        is_server_key_only=given["is_server_key_only"],
        owners=offered.owners_of(given["owners"]),
        group_owners=offered.groups_of(given["group_owners"]),
        tags=offered.tags_of(given["tags"]),
        options=[
            OptionFields(
                value=variations.columns(row.value), percentage=row.percentage, key=row.key or None, sets_key=True
            )
            for row in rows
        ],
        custom_fields=custom_fields.values(form, offered.custom),
    )


urlpatterns: list[URLPattern] = [
    page(
        "project/<int:project_id>/environment/<str:environment_key>/features/create",
        create,
        "features-create",
        methods="GET POST",
    )
]
