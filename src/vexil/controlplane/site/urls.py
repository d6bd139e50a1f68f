from django.urls import URLPattern, URLResolver, include, path

from vexil.controlplane.adminapi import experiments, feature_updates
from vexil.controlplane.adminapi import urls as adminapi_urls
from vexil.controlplane.adminapi.passwords import PasswordLink
from vexil.controlplane.site import pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(adminapi_urls)),
    path("api/__future__/", include(feature_updates.urlpatterns)),
    path("api/experiments/", include(experiments.urlpatterns)),
    path("password-reset/confirm/<str:uid>/<str:token>/", PasswordLink.as_view()),
]

handler400 = pages.bad_request
handler404 = pages.not_found
handler500 = pages.internal_error
