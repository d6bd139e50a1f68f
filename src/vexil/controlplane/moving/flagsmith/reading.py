"""Everything of one organisation, as the lines of a file."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from vexil import __version__
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.moving.flagsmith.answers import Answers
from vexil.controlplane.moving.flagsmith.rows import Line, Rows, document_state
from vexil.controlplane.moving.flagsmith.source import Source, SourceFailed
from vexil.controlplane.queries.organisation_files import FORMAT
from vexil.stores.times import now_microseconds

_READERS = 8
_CONTENT_TYPES = {kind.name.lower(): kind for kind in ContentType}


@dataclass
class Reading:
    """One reading; `gaps` says what could not be had, in words for the report."""

    source: Source
    answers: Answers
    organisation: Any
    project_names: Sequence[str]
    """The only ones to read; none: all."""
    file_id: UUID
    on_progress: Callable[[str, int, int], None]
    with_traits: bool = True
    gaps: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows = Rows(self.source.api_url)
        self.created: dict[tuple[int, str], str] = {}
        self.segment_ids: dict[int, int] = {}
        """When identities with overrides came to be, by environment and identifier; of others the APIs do not tell."""
        self._environments: list[Any] = []
        self._overrides: list[Line] = []

    def lines(self) -> Iterator[Line]:
        yield {
            "vexil": "organisation",
            "format": FORMAT,
            "version": __version__,
            "file_id": str(self.file_id),
            "organisation": {"uuid": None, "name": self.organisation["name"]},
        }
        count = 1
        for line in self._body():
            count += 1
            self.counts[line["table"]] = self.counts.get(line["table"], 0) + 1
            yield line
        yield {"end": True, "lines": count}

    def projects(self) -> list[Any]:
        found = list(self.source.listed("projects/", organisation=self.organisation["id"]))
        names = [project["name"] for project in found]
        if unknown := [name for name in self.project_names if name not in names]:
            raise SourceFailed(f"There is no project {', '.join(unknown)}. There are: {', '.join(names) or 'none'}.")
        return [project for project in found if not self.project_names or project["name"] in self.project_names]

    def _body(self) -> Iterator[Line]:
        it, rows = self.organisation, self.rows
        yield rows.organisation(it)
        yield rows.subscription(it)
        yield from self._fields(it["id"])
        projects = self.projects()
        for number, project in enumerate(projects, 1):
            self.on_progress("projects", number, len(projects))
            yield from self._project(self.source.get(f"projects/{project['id']}/"))
        for hook in self.source.listed_if_allowed(f"organisations/{it['id']}/webhooks/") or ():
            yield rows.webhook(hook, organisation_id=it["id"])
        for environment in self._environments:
            yield from self._identities(environment)
        yield from self._overrides

    def _fields(self, organisation_id: int) -> Iterator[Line]:
        """Custom fields and where they can be set; requirements of projects follow these."""
        base = f"organisations/{organisation_id}/metadata-model-fields/"
        fields = self.source.listed_if_allowed("metadata/fields/", organisation=organisation_id)
        kinds = self.source.listed_if_allowed(f"{base}supported-content-types/")
        model_fields = self.source.listed_if_allowed(base)
        self._kinds = {
            kind["id"]: _CONTENT_TYPES[kind["model"]] for kind in kinds or () if kind["model"] in _CONTENT_TYPES
        }
        self._model_fields: set[int] = set()
        self._requirements: list[Line] = []
        fields = [one for one in fields or () if not one.get("project")]
        for one in fields:
            same = {name: one.get(name) for name in ("name", "type", "description")}
            yield self.rows.row("field", one["id"], organisation_id=organisation_id, **same)
        known = {one["id"] for one in fields}
        for one in model_fields or ():
            if one["field"] not in known or one["content_type"] not in self._kinds:
                continue
            self._model_fields.add(one["id"])
            kind = self._kinds[one["content_type"]]
            yield self.rows.row("model_field", one["id"], field_id=one["field"], content_type=int(kind))
            for number, place in enumerate(one.get("is_required_for") or ()):
                if (place_kind := self._kinds.get(place["content_type"])) is not None:
                    columns = {"content_type": int(place_kind), "object_id": place["object_id"]}
                    line_id = f"{one['id']}/{number}"
                    self._requirements.append(
                        self.rows.row("requirement", line_id, model_field_id=one["id"], **columns)
                    )

    def _project(self, project: Any) -> Iterator[Line]:
        rows, source, project_id = self.rows, self.source, project["id"]
        yield rows.project(project, self.organisation["id"])
        yield from self._required_in(ContentType.PROJECT, project_id)
        if project.get("use_edge_identities"):
            self.gaps.append(
                f"Project {project['name']} keeps identities in Flagsmith's edge storage; they are not read."
            )
        tags = source.listed_if_allowed(f"projects/{project_id}/tags/") or ()
        for tag in tags:
            yield rows.tag(tag, project_id)
        features = sorted(source.listed(f"projects/{project_id}/features/"), key=_id)
        for feature in features:
            yield rows.feature(feature, project_id)
        for feature in features:
            for option in sorted(feature["multivariate_options"], key=_id):
                yield rows.option(option, feature["id"])
            yield from self._metadata("feature", feature)
        segments = sorted(source.listed(f"projects/{project_id}/segments/"), key=_id)
        environments = sorted(source.listed("environments/", project=project_id), key=_id)
        documents = [source.get(f"environments/{environment['api_key']}/document/") for environment in environments]
        self.segment_ids = _segment_ids(segments, [document["project"]["segments"] for document in documents])
        hashed = {segment_id: hashed for hashed, segment_id in self.segment_ids.items()}
        for segment in segments:
            yield rows.segment(segment, project_id, hashing_id=hashed.get(segment["id"], segment["id"]))
            yield from self._metadata("segment", segment)
        for number, environment in enumerate(environments, 1):
            self.on_progress(f"environments of {project['name']}", number, len(environments))
            yield from self._environment(environment, project, features)

    def _required_in(self, kind: ContentType, object_id: int) -> Iterator[Line]:
        for line in self._requirements:
            row = line["row"]
            if row["content_type"] == int(kind) and row["object_id"] == object_id:
                yield line
            elif kind == ContentType.PROJECT and row["content_type"] == int(ContentType.ORGANISATION):
                yield line
                self._requirements = [other for other in self._requirements if other is not line]

    def _metadata(self, kind: str, thing: Any) -> Iterator[Line]:
        for number, one in enumerate(thing.get("metadata") or ()):
            if one["model_field"] in self._model_fields:
                columns = {"model_field_id": one["model_field"], "field_value": one["field_value"]}
                line_id = f"{kind}/{thing['id']}/{number}"
                yield self.rows.row("metadata", line_id, **{f"{kind}_id": thing["id"]}, **columns)

    def _environment(self, environment: Any, project: Any, features: list[Any]) -> Iterator[Line]:
        rows, source, key = self.rows, self.source, environment["api_key"]
        self._environments.append(environment)
        yield rows.environment(environment, project["id"])
        yield from self._metadata("environment", environment)
        keys = source.listed_if_allowed(f"environments/{key}/api-keys/")
        if keys is None:
            self.gaps.append(f"The server keys of {environment['name']} are not shown to this token.")
        for server_key in keys or ():
            yield rows.server_key(server_key, environment["id"])
        for hook in source.listed_if_allowed(f"environments/{key}/webhooks/") or ():
            yield rows.webhook(hook, environment_id=environment["id"])
        states = _States(self, environment, features)
        yield from states.lines()
        self._overrides += states.overrides()

    def _identities(self, environment: Any) -> Iterator[Line]:
        """Page by page; the traits of a page come from the Flags API, which knows no throttle."""
        key, stage, done = environment["api_key"], f"identities of {environment['name']}", 0
        if not self.with_traits:
            total = self.source.get(f"environments/{key}/identities/", page=1, page_size=1).get("count", 0)
            self.counts["identity"] = self.counts.get("identity", 0) + total
            return
        with ThreadPoolExecutor(_READERS) as readers:
            for number, page in enumerate(self.source.pages(f"environments/{key}/identities/")):
                question = f"traits/{key}/{number}"
                traits = self.answers.get(question)
                if traits is None:
                    traits = list(readers.map(lambda identity: self._traits(key, identity), page))
                    self.answers.put(question, traits)
                done += len(page)
                self.on_progress(stage, done, 0)
                for identity, own in zip(page, traits, strict=True):
                    created = self.created.get((environment["id"], identity["identifier"]))
                    yield _identity(identity, own, environment["id"], created)

    def _traits(self, key: str, identity: Any) -> list[Any]:
        answer = self.source.flags_of(key, identity["identifier"])
        return [[trait["trait_key"], trait["trait_value"]] for trait in answer["traits"]]


class _States:
    """What features are in one environment: from its document, and from lists what that leaves out."""

    def __init__(self, reading: Reading, environment: Any, features: list[Any]) -> None:
        self._reading, self._environment = reading, environment
        self._features = {feature["id"]: feature for feature in features}
        key = environment["api_key"]
        self._document = reading.source.get(f"environments/{key}/document/")
        self._path = f"environments/{key}/featurestates/"
        self._is_versioned = bool(environment.get("use_v2_feature_versioning"))
        self._links = 0

    def lines(self) -> Iterator[Line]:
        if self._is_versioned:
            for feature_id in self._features:
                yield self._version(feature_id)
        defaults = {state["feature"]["id"]: state for state in self._document["feature_states"]}
        for state in self._reading.source.listed(self._path):
            listed = document_state(state)
            feature_id = listed["feature"]["id"]
            if feature_id in self._features:
                defaults.setdefault(feature_id, listed)
        for _, state in sorted(defaults.items()):
            yield from self._reading.rows.state("state", state, **self._place(state))
        for segment in self._document["project"]["segments"]:
            for state in segment["feature_states"]:
                priority = (state.get("feature_segment") or {}).get("priority")
                segment_id = self._reading.segment_ids[segment["id"]]
                yield from self._override(segment_id, state, 0 if priority is None else priority)
        yield from self._archived()

    def overrides(self) -> Iterator[Line]:
        """Of identities; the document has their seeds, if it holds them."""
        documented: dict[str, Any] = {}
        for identity in self._document.get("identity_overrides") or ():
            if created := identity.get("created_date"):
                self._reading.created[self._environment["id"], identity["identifier"]] = created
            documented |= {state["featurestate_uuid"]: state for state in identity["identity_features"]}
        for listed in self._reading.source.listed(self._path, anyIdentity=1):
            state = document_state(listed)
            state = documented.get(state["featurestate_uuid"], state)
            if state["feature"]["id"] not in self._features or not listed.get("identity"):
                continue
            columns = {
                "environment_id": self._environment["id"],
                "identity_id": listed["identity"]["id"],
                "identity_identifier": listed["identity"]["identifier"],
            }
            yield from self._reading.rows.state("identity_state", state, **columns)

    def _archived(self) -> Iterator[Line]:
        """Segment overrides of archived features, which documents leave out."""
        source, environment_id = self._reading.source, self._environment["id"]
        for feature in self._features.values():
            if not feature["is_archived"]:
                continue
            where = {"environment": environment_id, "feature": feature["id"]}
            links = {link["id"]: link for link in source.listed("features/feature-segments/", **where)}
            for state in source.listed("features/featurestates/", **where) if links else ():
                if link := links.get(state["feature_segment"]):
                    yield from self._override(link["segment"], document_state(state), link["priority"])

    def _override(self, segment_id: int, state: Any, priority: int) -> Iterator[Line]:
        rows = self._reading.rows
        line_id = f"{self._environment['id']}/{self._links}"
        self._links += 1
        place = self._place(state)
        version = {"feature_version_id": place["feature_version_id"]}
        yield rows.row(
            "link",
            line_id,
            uuid=rows.uuid("link", state["featurestate_uuid"]),
            feature_id=state["feature"]["id"],
            segment_id=segment_id,
            environment_id=self._environment["id"],
            priority=priority,
            **version,
        )
        yield from rows.state("state", state, feature_segment_id=line_id, **place)

    def _place(self, state: Any) -> dict[str, Any]:
        version = self._version_id(state["feature"]["id"]) if self._is_versioned else None
        return {"environment_id": self._environment["id"], "feature_version_id": version}

    def _version_id(self, feature_id: int) -> str:
        return self._reading.rows.uuid("version", f"{self._environment['id']}/{feature_id}")

    def _version(self, feature_id: int) -> Line:
        """The one version that counts now; drafts and what is over are not read."""
        moment = self._environment.get("updated_at") or datetime.now().astimezone().isoformat()
        return self._reading.rows.row(
            "version",
            self._version_id(feature_id),
            environment_id=self._environment["id"],
            feature_id=feature_id,
            published=True,
            is_current=True,
            live_from=moment,
            went_live_at=moment,
        )


def _id(thing: Any) -> int:
    return int(thing["id"])


def _identity(identity: Any, traits: list[Any], environment_id: int, created: str | None) -> Line:
    now_us = now_microseconds()
    created_us = round(datetime.fromisoformat(created).timestamp() * 1_000_000) if created else now_us
    return {
        "table": "identity",
        "id": identity["id"],
        "environment_id": environment_id,
        "identifier": identity["identifier"],
        "created_at_us": created_us,
        "traits": [[number, key, value, now_us] for number, (key, value) in enumerate(traits, 1)],
    }


def _segment_ids(listed: list[Any], documented: list[list[Any]]) -> dict[int, int]:
    """What a project's segments are called in lists, by what documents call them: the id that splits hash.

    The two differ where the source is a Vexil that imported them itself; then names tell, in the order of both.
    """
    found: dict[int, int] = {}
    ids = {segment["id"]: segment["name"] for segment in listed}
    for segments in documented:
        if all(ids.get(segment["id"]) == segment["name"] for segment in segments):
            found |= {segment["id"]: segment["id"] for segment in segments}
            continue
        left = list(listed)
        for segment in segments:
            same = next((one for one in left if one["name"] == segment["name"]), None)
            if same is not None:
                left.remove(same)
                found[segment["id"]] = same["id"]
    return found
