from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from vexil.controlplane.adminapi import experiments, feature_updates, monitoring, oauth_server
from vexil.controlplane.adminapi import urls as adminapi_urls
from vexil.controlplane.adminapi.passwords import PasswordLink
from vexil.controlplane.dashboard import urls as dashboard_urls
from vexil.controlplane.site import browser_settings, pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(adminapi_urls)),
    path("api/__future__/", include(feature_updates.urlpatterns)),
    path("api/experiments/", include(experiments.urlpatterns)),
    *monitoring.urlpatterns,
    *oauth_server.urlpatterns,
    path("config/project-overrides", browser_settings.project_overrides),
    path("robots.txt", browser_settings.robots),
    path("healthz/", pages.nothing),
    path("metrics/", pages.no_metrics),
    path("password-reset/confirm/<str:uid>/<str:token>/", PasswordLink.as_view()),
]
if not settings.VEXIL.disable_ui:
    urlpatterns += dashboard_urls.urlpatterns

handler400 = pages.bad_request
handler403 = pages.forbidden
handler404 = pages.not_found
handler500 = pages.internal_error
