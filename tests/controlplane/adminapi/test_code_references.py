from typing import Any

import pytest

from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import make_user
from vexil.controlplane.db.models import Event

REPOSITORY = "https://github.com/acme/shop"


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def scan(scene: Scene, *lines: tuple[str, str, int], revision: str = "abc", url: str = REPOSITORY) -> Any:
    found = [{"feature_name": name, "file_path": path, "line_number": line} for name, path, line in lines]
    body = {"repository_url": url, "revision": revision, "code_references": found}
    return scene.api.post(f"projects/{scene.project.pk}/code-references/", body)


def of_feature(scene: Scene, feature_id: int) -> Any:
    return json_of(scene.api.get(f"projects/{scene.project.pk}/features/{feature_id}/code-references/"))


def test_a_scan_is_echoed_and_shown_at_the_feature(scene: Scene) -> None:
    feature = scene.feature("beta")

    echo = json_of(scan(scene, ("beta", "src/a b.py", 3), ("not_made_yet", "src/b.py", 1)), 201)

    at = echo.pop("created_at")
    assert echo == {
        "repository_url": REPOSITORY,
        "vcs_provider": "github",
        "revision": "abc",
        "project": scene.project.pk,
        "code_references": [
            {"feature_name": "beta", "file_path": "src/a b.py", "line_number": 3},
            {"feature_name": "not_made_yet", "file_path": "src/b.py", "line_number": 1},
        ],
    }
    assert of_feature(scene, feature.pk) == [
        {
            "repository_url": REPOSITORY,
            "vcs_provider": "github",
            "revision": "abc",
            "last_successful_repository_scanned_at": at,
            "last_feature_found_at": at,
            "code_references": [
                {
                    "feature_name": "beta",
                    "file_path": "src/a b.py",
                    "line_number": 3,
                    "scanned_at": at,
                    "vcs_provider": "github",
                    "repository_url": REPOSITORY,
                    "revision": "abc",
                    "permalink": "https://github.com/acme/shop/blob/abc/src/a%20b.py#L3",
                }
            ],
        }
    ]


def test_a_scan_is_the_whole_truth_of_its_repository_only(scene: Scene) -> None:
    feature = scene.feature("beta")
    first = json_of(scan(scene, ("beta", "a.py", 1), ("beta", "a.py", 9)), 201)["created_at"]
    other = json_of(scan(scene, ("beta", "x.py", 1), url="https://github.com/acme/app"), 201)["created_at"]

    second = json_of(scan(scene, revision="def"), 201)["created_at"]

    shown = json_of(scene.api.get(f"projects/{scene.project.pk}/features/"))["results"][0]["code_references_counts"]
    assert shown == [
        {
            "repository_url": "https://github.com/acme/app",
            "count": 1,
            "last_successful_repository_scanned_at": other,
            "last_feature_found_at": other,
        },
        {
            "repository_url": REPOSITORY,
            "count": 0,
            "last_successful_repository_scanned_at": second,
            "last_feature_found_at": first,
        },
    ]
    assert [entry["code_references"] == [] for entry in of_feature(scene, feature.pk)] == [False, True]
    assert Event.objects.filter(kind="code_repository.scanned").last().before == {
        "url": REPOSITORY,
        "revision": "abc",
        "references": 2,
    }


def test_code_of_another_project_does_not_count(scene: Scene) -> None:
    feature, elsewhere = scene.feature("beta"), make_scene()

    scan(elsewhere, ("beta", "a.py", 1))

    assert of_feature(scene, feature.pk) == []


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (
            {},
            {
                "repository_url": ["This field is required."],
                "revision": ["This field is required."],
                "code_references": ["This field is required."],
            },
        ),
        (
            {
                "repository_url": "shop",
                "vcs_provider": "cvs",
                "revision": "r" * 101,
                "code_references": [{"feature_name": "f" * 101, "line_number": 0}],
            },
            {
                "repository_url": ["Enter a valid URL."],
                "vcs_provider": ['"cvs" is not a valid choice.'],
                "revision": ["Ensure this field has no more than 100 characters."],
                "code_references": [
                    {
                        "feature_name": ["Ensure this field has no more than 100 characters."],
                        "file_path": ["This field is required."],
                        "line_number": ["Ensure this value is greater than or equal to 1."],
                    }
                ],
            },
        ),
    ],
)
def test_a_bad_scan_is_refused_field_by_field(scene: Scene, body: Any, refusal: Any) -> None:
    assert json_of(scene.api.post(f"projects/{scene.project.pk}/code-references/", body), 400) == refusal


def test_only_those_who_may_view_the_project_send_scans(scene: Scene) -> None:
    stranger = scene.api.as_user(make_user())

    answer = stranger.post(f"projects/{scene.project.pk}/code-references/", {})

    assert answer.status_code == 403
