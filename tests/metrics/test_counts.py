"""Counts of several processes, in place of which others come, as text that Prometheus reads."""

from contextlib import suppress
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from vexil.metrics import exposition, tasks
from vexil.metrics.families import DOCUMENT_QUERIES, ERRORS, REQUEST_SECONDS, SNAPSHOT_CHANGE, STREAMS
from vexil.metrics.handover import all_together, handing_over
from vexil.metrics.registry import State, registry


def shown(state: State, *beginnings: str) -> dict[str, float]:
    """The samples whose names begin so, as a query would name them."""
    families = text_string_to_metric_families(exposition.text(state, "1.2.3").decode())
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in families
        for sample in family.samples
        if sample.name.startswith(beginnings)
    }


def test_counts_of_all_processes_are_added_and_go_on_in_those_that_come_after(tmp_path: Path) -> None:
    with handing_over(tmp_path, "worker-1"):
        registry.count(ERRORS, "throttled", by=2)
        registry.watch(STREAMS, lambda: {(): 5})
        registry.watch(SNAPSHOT_CHANGE, lambda: {(): 7})
    with handing_over(tmp_path, "worker-2"):
        registry.count(ERRORS, "throttled")
        registry.count(ERRORS, "unknown_path")
        registry.watch(STREAMS, lambda: {(): 1})
        registry.watch(SNAPSHOT_CHANGE, lambda: {(): 6})
    before = shown(
        all_together(tmp_path), "vexil_errors", "vexil_event", "vexil_snapshot_change", "vexil_process_starts"
    )

    with handing_over(tmp_path, "worker-1"):
        registry.count(ERRORS, "throttled")
        after = shown(all_together(tmp_path, own="worker-1"), "vexil_errors", "vexil_event", "vexil_process_starts")

    assert before == {
        "vexil_errors_total['throttled']": 3,
        "vexil_errors_total['unknown_path']": 1,
        "vexil_event_streams[]": 6,
        "vexil_snapshot_change[]": 6,
        "vexil_process_starts_total['worker-1']": 1,
        "vexil_process_starts_total['worker-2']": 1,
    }
    assert after == {
        "vexil_errors_total['throttled']": 4,
        "vexil_errors_total['unknown_path']": 1,
        "vexil_event_streams[]": 1,
        "vexil_process_starts_total['worker-1']": 2,
        "vexil_process_starts_total['worker-2']": 1,
    }


def test_durations_fall_into_buckets_that_hold_those_below(tmp_path: Path) -> None:
    labels = ("/api/v1/environment-document/", "GET", "200")
    with handing_over(tmp_path, "worker-1"):
        for seconds in (0.005, 0.006, 0.2, 60):
            registry.observe(REQUEST_SECONDS, seconds, *labels)
        registry.count(DOCUMENT_QUERIES, "miss")

    state = all_together(tmp_path)
    buckets = shown(state, "flagsmith_http_server_request_duration_seconds_bucket")

    assert list(buckets.values()) == [1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4]
    assert shown(
        state,
        "flagsmith_http_server_requests",
        "flagsmith_http_server_request_duration_seconds_sum",
        "flagsmith_environment_document",
        "flagsmith_build",
    ) == {
        "flagsmith_http_server_requests_total['/api/v1/environment-document/', '200', 'GET']": 4,
        "flagsmith_http_server_request_duration_seconds_sum['/api/v1/environment-document/', '200', 'GET']": 60.211,
        "flagsmith_environment_document_cache_queries_total['hit']": 3,
        "flagsmith_environment_document_cache_queries_total['miss']": 1,
        "flagsmith_build_info['1.2.3', 'unknown']": 1,
    }


def test_a_task_that_raises_has_failed(tmp_path: Path) -> None:
    with handing_over(tmp_path, "task-runner"):
        with tasks.attempt("usage.fold", "recurring"):
            pass
        with suppress(ZeroDivisionError), tasks.attempt("usage.fold", "recurring"):
            raise ZeroDivisionError

    assert shown(all_together(tmp_path), "flagsmith_task_processor_finished") == {
        "flagsmith_task_processor_finished_tasks_total['failure', 'recurring', 'usage.fold']": 1,
        "flagsmith_task_processor_finished_tasks_total['recurring', 'success', 'usage.fold']": 1,
    }
