"""Feature states as webhooks tell of them: what an event says, with names in the place of ids."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from vexil.controlplane.db.models import (
    Allocation,
    AuditRecord,
    Environment,
    Event,
    Feature,
    FeatureSegment,
    MasterAPIKey,
    MultivariateOption,
    User,
)

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Names:
    """What the states of some records refer to; deleted rows are among it."""

    features: dict[int, Feature]
    environments: dict[int, Environment]
    links: dict[int, FeatureSegment]
    options: dict[int, MultivariateOption]
    allocations: dict[tuple[int, int], int]
    """Ids by feature state and option."""
    authors: dict[int, str | None]
    """By record: a user's address or a key's name."""


def names(records: Sequence[AuditRecord]) -> Names:
    """Seven statements, whatever the number of records."""
    told = [facts for row in records for facts in (row.state_before, row.state_after) if facts]
    states = [state for facts in told for state in facts.get("states", (facts,))]  # a version's, or the one
    options = {int(pk) for facts in states for pk in facts["allocations"]}
    state_ids = {row.related_object_id for row in records} | {facts.get("id") for facts in states}
    allocations = Allocation.objects.filter(feature_state__in=state_ids)
    return Names(
        Feature.objects.select_related("project").in_bulk({facts["feature_id"] for facts in told}),
        Environment.objects.in_bulk({row.environment_id for row in records if row.environment_id}),
        FeatureSegment.objects.select_related("segment").in_bulk(
            {facts["feature_segment_id"] for facts in states if facts["feature_segment_id"]}
        ),
        MultivariateOption.objects.in_bulk(options),
        {(row.feature_state_id, row.option_id): row.pk for row in allocations},
        authors(records),
    )


def state_json(record: AuditRecord, facts: Facts, known: Names) -> dict[str, Any]:
    """The state that an event tells of."""
    feature = known.features[facts["feature_id"]]
    environment = known.environments[record.environment_id or 0]
    return {
        "feature": _feature_json(feature),
        "environment": {"id": environment.pk, "name": environment.name},
        "identity": facts["identity_id"],
        "identity_identifier": facts["identifier"],
        "feature_segment": _link_json(known.links.get(facts["feature_segment_id"] or 0)),
        "enabled": facts["enabled"],
        "feature_state_value": facts["value"],
        "multivariate_feature_state_values": _shares_json(record.related_object_id, facts, known),
    }


def version_json(record: AuditRecord, known: Names) -> dict[str, Any]:
    """A published version with all its states."""
    facts = record.state_after
    feature = known.features[facts["feature_id"]]
    publisher = {"id": record.user_id, "email": known.authors[record.pk]} if record.user_id is not None else None
    return {
        "uuid": facts["version_uuid"],
        "feature": {"id": feature.pk, "name": feature.name},
        "published_by": publisher,
        "feature_states": [
            {
                "enabled": state["enabled"],
                "value": state["value"],
                "multivariate_feature_state_values": _shares_json(state["id"], state, known),
            }
            for state in facts["states"]
        ],
    }


def _feature_json(feature: Feature) -> dict[str, Any]:
    return {
        "id": feature.pk,
        "created_date": feature.created_date,
        "default_enabled": feature.default_enabled,
        "description": feature.description,
        "initial_value": feature.initial_value,
        "name": feature.name,
        "project": {"id": feature.project_id, "name": feature.project.name},
        "type": feature.type,
    }


def _link_json(link: FeatureSegment | None) -> dict[str, Any] | None:
    if link is None:
        return None
    segment = link.segment
    return {
        "segment": {"id": segment.pk, "name": segment.name, "description": segment.description},
        "priority": link.priority,
    }


def _shares_json(state_id: int | None, facts: Facts, known: Names) -> list[dict[str, Any]]:
    return [
        {
            "id": known.allocations.get((state_id or 0, int(option))),
            "multivariate_feature_option": _option_json(int(option), known),
            "percentage_allocation": percentage,
        }
        for option, percentage in facts["allocations"].items()
    ]


def _option_json(option_id: int, known: Names) -> dict[str, Any]:
    option = known.options.get(option_id)  # options go for good when they are deleted
    return {"id": option_id, "value": option.value if option else None}


def authors(records: Iterable[AuditRecord]) -> dict[int, str | None]:
    """By record: a user's address or a key's name. Three statements."""
    prefixes = dict(
        Event.objects.filter(pk__in=[row.event_id for row in records]).values_list("pk", "master_api_key_prefix")
    )
    keys = dict(
        MasterAPIKey.objects.filter(prefix__in=[prefix for prefix in prefixes.values() if prefix]).values_list(
            "prefix", "name"
        )
    )
    users = dict(User.objects.filter(pk__in={row.user_id for row in records}).values_list("pk", "email"))
    return {
        row.pk: users.get(row.user_id) if row.user_id is not None else keys.get(prefixes[row.event_id])
        for row in records
    }
