"""What providers send, read into what they tell of features."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from vexil.controlplane.actions.feature_health import Told
from vexil.controlplane.db.models import HealthProviderName, HealthStatus

_TEXT_MAX, _NAME_MAX, _URL_MAX, _BLOCKS_MAX, _ALERTS_MAX = 20_000, 2_000, 4_000, 50, 1_000
FEATURE_LABEL, ENVIRONMENT_LABEL = "flagsmith_feature", "flagsmith_environment"


class _TextBlock(serializers.Serializer[None]):
    text = serializers.CharField(max_length=_TEXT_MAX, allow_blank=True)
    title = serializers.CharField(max_length=_NAME_MAX, required=False)


class _UrlBlock(serializers.Serializer[None]):
    url = serializers.CharField(max_length=_URL_MAX)
    title = serializers.CharField(max_length=_NAME_MAX, required=False)


class _Reason(serializers.Serializer[None]):
    text_blocks = serializers.ListField(child=_TextBlock(), max_length=_BLOCKS_MAX, default=list)
    url_blocks = serializers.ListField(child=_UrlBlock(), max_length=_BLOCKS_MAX, default=list)


class _Message(serializers.Serializer[None]):
    feature = serializers.CharField(max_length=_NAME_MAX)
    status = serializers.ChoiceField(["healthy", "unhealthy"])
    environment = serializers.CharField(max_length=_NAME_MAX, required=False, allow_null=True, allow_blank=True)
    reason = _Reason(required=False, allow_null=True)


class _Alert(serializers.Serializer[None]):
    """As Prometheus' Alertmanager has it, with what Grafana adds."""

    status = serializers.CharField(max_length=50)
    labels = serializers.DictField(child=serializers.CharField(max_length=_TEXT_MAX, allow_blank=True))
    annotations = serializers.DictField(
        child=serializers.CharField(max_length=_TEXT_MAX, allow_blank=True), required=False, allow_null=True
    )
    fingerprint = serializers.CharField(max_length=255)
    startsAt = serializers.DateTimeField()  # noqa: N815 -- as it is sent
    endsAt = serializers.DateTimeField(required=False, allow_null=True)  # noqa: N815 -- as it is sent
    generatorURL = serializers.CharField(max_length=_URL_MAX, required=False, allow_blank=True)  # noqa: N815 -- as it is sent
    dashboardURL = serializers.CharField(max_length=_URL_MAX, required=False, allow_blank=True)  # noqa: N815 -- as it is sent
    panelURL = serializers.CharField(max_length=_URL_MAX, required=False, allow_blank=True)  # noqa: N815 -- as it is sent


class _Alerts(serializers.Serializer[None]):
    alerts = serializers.ListField(child=_Alert(), max_length=_ALERTS_MAX)


def of_webhook(sent: Any) -> list[Told]:
    message = _valid(_Message, sent)
    reason = message.get("reason")
    status = HealthStatus.UNHEALTHY if message["status"] == "unhealthy" else HealthStatus.HEALTHY
    return [
        Told(
            message["feature"],
            status,
            environment_name=message.get("environment") or "",
            reason={name: [dict(block) for block in blocks] for name, blocks in reason.items()} if reason else None,
        )
    ]


def of_grafana(sent: Any) -> list[Told]:
    """One for each alert that has the label of a feature."""
    alerts = _valid(_Alerts, sent)["alerts"]
    return [_of_alert(alert) for alert in alerts if alert["labels"].get(FEATURE_LABEL)]


READERS: dict[str, Callable[[Any], list[Told]]] = {
    HealthProviderName.WEBHOOK: of_webhook,
    HealthProviderName.GRAFANA: of_grafana,
}


def _of_alert(alert: dict[str, Any]) -> Told:
    is_firing = alert["status"] == "firing"
    return Told(
        alert["labels"][FEATURE_LABEL],
        HealthStatus.UNHEALTHY if is_firing else HealthStatus.HEALTHY,
        environment_name=alert["labels"].get(ENVIRONMENT_LABEL, ""),
        external_id=alert["fingerprint"],
        reason=_reason(alert),
        at=alert["startsAt"] if is_firing else alert.get("endsAt") or alert["startsAt"],
    )


def _reason(alert: dict[str, Any]) -> dict[str, Any]:
    said = alert.get("annotations") or {}
    texts = [(alert["labels"].get("alertname") or "Alert", said.get("description", ""))]
    texts += [("Summary", said["summary"])] if said.get("summary") else []
    urls = [
        ("Alert", alert.get("generatorURL")),
        ("Dashboard", alert.get("dashboardURL")),
        ("Panel", alert.get("panelURL")),
        ("Runbook", said.get("runbook_url")),
    ]
    return {
        "text_blocks": [{"title": title, "text": text} for title, text in texts],
        "url_blocks": [{"title": title, "url": url} for title, url in urls if url],
    }


def _valid(form: type[serializers.Serializer[None]], sent: Any) -> dict[str, Any]:
    read = form(data=sent)
    read.is_valid(raise_exception=True)
    return dict(read.validated_data)
