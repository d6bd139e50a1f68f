"""Moving the features of an environment by a file: exports to download, imports with what became of them."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane import permissions
from vexil.controlplane.actions import feature_files as actions
from vexil.controlplane.dashboard import htmx, launch_darkly_imports, rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_project
from vexil.controlplane.db.models import Environment, FeatureExport, FeatureImport
from vexil.controlplane.db.models.feature_files import FileStatus, ImportStrategy

_BYTES_MAX = 1_000_000
_SHOWN = 20
_STRATEGIES = (
    (ImportStrategy.SKIP.value, "Leave features that are there alone"),
    (ImportStrategy.OVERWRITE_DESTRUCTIVE.value, "Replace their values here, and drop their overrides here"),
)


class ImportForm(Form):
    environment = forms.ChoiceField(
        label="Into", help_text="New features appear in every environment, values in this one."
    )
    strategy = forms.ChoiceField(choices=_STRATEGIES)
    file = forms.FileField(label="File", help_text="What an export gave, up to 1 MB.")

    def __init__(self, *args: Any, environments: list[Environment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(environment.pk), environment.name) for environment in environments]
        self.fields["environment"].choices = choices  # type: ignore[attr-defined]

    def clean_file(self) -> str:
        file = self.cleaned_data["file"]
        if file.size > _BYTES_MAX:
            raise forms.ValidationError(f"This file has {file.size:,} bytes; {_BYTES_MAX:,} are the most.")
        text: str = file.read().decode("utf-8", "replace")
        return text


def shown(request: HttpRequest, project_id: int) -> HttpResponse:
    place = at_project(request, project_id, needs_admin=True)
    environments = _environments(place)
    form = ImportForm(request.POST or None, request.FILES or None, environments=environments)
    if request.method == "POST" and form.is_valid():
        target = next(one for one in environments if str(one.pk) == form.cleaned_data["environment"])
        given = form.cleaned_data
        wanted = form.attempt(
            lambda: actions.request_import(target, given["file"], strategy=given["strategy"], by=place.by)
        )
        if wanted is not None:
            return rendering.done(request, _url(project_id), "The import has begun; it shows below when it is done.")
    tabs = launch_darkly_imports.tabs(project_id, "feature-files")
    values = {"environments": environments, "tabs": tabs, **_files(environments)}
    if htmx.is_fragment(request):
        return rendering.fragment(request, "feature_files/files.html", place, values)
    return rendering.form_page(request, "feature_files/files_page.html", place, form, values)


def export(request: HttpRequest, project_id: int) -> HttpResponse:
    place = at_project(request, project_id, needs_admin=True)
    wanted = request.POST.get("environment", "")
    environment = next((one for one in _environments(place) if str(one.pk) == wanted), None)
    if environment is None:
        raise Http404("environment")
    actions.request_export(environment, [], by=place.by)
    return rendering.done(request, _url(project_id), "The export has begun; download it below when it is done.")


def download(request: HttpRequest, project_id: int, export_id: int) -> HttpResponse:
    place = at_project(request, project_id, needs_admin=True)
    exports = FeatureExport.objects.filter(environment__in=_environments(place), status=FileStatus.SUCCESS)
    found = exports.filter(pk=export_id).first()
    if found is None:
        raise Http404("export")
    response = HttpResponse(found.content, content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="feature_export.{found.pk}.json"'
    return response


def _files(environments: list[Environment]) -> dict[str, object]:
    exports = FeatureExport.objects.filter(environment__in=environments).select_related("environment")
    imports = FeatureImport.objects.filter(environment__in=environments).select_related("environment")
    exported, imported = list(exports.order_by("-pk")[:_SHOWN]), list(imports.order_by("-pk")[:_SHOWN])
    is_busy = any(row.status == FileStatus.PROCESSING for row in (*exported, *imported))
    return {"exports": exported, "imports": imported, "is_busy": is_busy}


def _environments(place: Place) -> list[Environment]:
    assert place.project is not None
    return permissions.environments_seen(place.standing, place.project)


def _url(project_id: int) -> str:
    return reverse("feature-files", kwargs={"project_id": project_id})


_FILES = "project/<int:project_id>/import-export"

urlpatterns = [
    page(_FILES, shown, "feature-files", methods="GET POST"),
    page(f"{_FILES}/export", export, "feature-files-export", methods="POST"),
    page(f"{_FILES}/<int:export_id>/download", download, "feature-files-download"),
]
