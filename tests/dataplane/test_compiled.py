"""An environment compiled from the one before gives what it would give anew."""

import random

import msgspec

from tests.wire.test_document_reuse import shop
from vexil import engine
from vexil.dataplane.compiled import CompiledEnvironment, View
from vexil.wire.snapshot import Snapshot, decode, encode


def changed(version: int, generator: random.Random) -> Snapshot:
    source = shop(version, generator)
    hides = {"hide_disabled_flags": generator.random() < 0.2, "hide_sensitive_data": generator.random() < 0.2}
    defaults = [msgspec.structs.replace(one, enabled=generator.random() < 0.7) for one in source.defaults]
    return msgspec.structs.replace(
        source, environment=msgspec.structs.replace(source.environment, **hides), defaults=defaults
    )


def given(environment: CompiledEnvironment, view: View) -> list[object]:
    answers: list[object] = [view.flags.plain, view.flags.etag, view.by_name, view.first, view.feature_names]
    for plan in ("pro", "free"):
        for identifier in ("ann", "cid", "nobody"):
            subject = engine.Subject(
                identifier=identifier, key=identifier, traits={"plan": plan}, environment_key="k", environment_name="n"
            )
            answers.append(view.evaluate(subject, environment.identity_overrides.get(identifier)))
    return answers


def test_whatever_changes_the_answers_are_what_they_would_be_anew() -> None:
    generator = random.Random(5)
    before: CompiledEnvironment | None = None

    for version in range(1, 300):
        body = encode(changed(version, generator))
        anew = CompiledEnvironment(decode(body), print)
        before = CompiledEnvironment(decode(body, before.source if before else None), print, before)

        assert given(before, before.for_servers) == given(anew, anew.for_servers)
        assert given(before, before.for_clients) == given(anew, anew.for_clients)
        assert before.document.plain == anew.document.plain
