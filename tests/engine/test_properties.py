import pytest

from tests.engine.examples import make_subject
from vexil.engine import Subject
from vexil.engine.properties import path_reader


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("plan", "gold"),
        ("Plan", None),
        ("missing", None),
        ("$.identity.identifier", "alice"),
        ("$.identity.key", "env_alice"),
        ("$.identity.traits.plan", "gold"),
        ("$.identity.traits['plan']", "gold"),
        ("$.identity.traits.サイズ", 7),
        ("$['identity']['traits']['サイズ']", None),
        ("$.identity['traits']['サイズ']", 7),
        ("$.identity.traits[?@ == 'gold']", "gold"),
        ("$.identity.traits[?match(@, 'g.ld')]", "gold"),
        ("$.identity.traits[?match(@, 'ol')]", None),
        ("$.identity.traits[?search(@, 'ol')]", "gold"),
        ("$.environment.key", "env"),
        ("$.environment.name", "Production"),
        ("$.environment", None),
        ("$.identity.traits", None),
        ("$.identity.traits.plan.deeper", None),
        ("$..identifier", "alice"),
        ("$.nothing.there", None),
        ("$.", None),
        ("$.identity[", None),
    ],
)
def test_property_is_read_from_traits_or_by_its_path(name: str, value: object) -> None:
    assert make_subject(plan="gold", サイズ="007")[name] == value


def test_trait_named_like_a_path_hides_what_the_path_finds() -> None:
    assert make_subject(**{"$.identity.identifier": "bob", "$.[": "odd"})["$.identity.identifier"] == "bob"
    assert make_subject(**{"$.[": "odd"})["$.["] == "odd"
    assert make_subject(**{"$.identity.identifier": None})["$.identity.identifier"] == "alice"


def test_identifier_found_by_a_path_is_coerced_like_a_trait() -> None:
    assert make_subject(identifier="007")["$.identity.identifier"] == 7


def test_list_found_as_a_trait_is_text_and_found_by_a_path_is_not_set() -> None:
    subject = make_subject(tags=["a"])

    assert (subject["tags"], subject["$.identity.traits.tags"], subject["$.identity.traits.tags[0]"]) == (
        "['a']",
        None,
        "a",
    )


def test_trait_is_coerced_once_per_subject() -> None:
    asked: list[str] = []

    class Traits(dict[str, object]):
        def get(self, key: str, default: object = None) -> object:
            asked.append(key)
            return super().get(key, default)

    subject = Subject(
        identifier="alice", key="k", traits=Traits(plan="gold"), environment_key="env", environment_name="Production"
    )

    assert [subject["plan"], subject["plan"], subject["none"], subject["none"]] == ["gold", "gold", None, None]
    assert asked == ["plan", "none"]


@pytest.mark.timeout(5)
def test_pattern_inside_a_path_cannot_stall_the_server() -> None:
    reader = path_reader("$.identity.traits[?search(@, '(a+)+b$')]")

    assert reader({"identity": {"traits": {"long": "a" * 5000}}}) is None


def test_path_through_endless_depth_finds_nothing() -> None:
    deep: dict[str, object] = {}
    for _ in range(500):
        deep = {"inner": deep}

    assert path_reader("$..missing")({"identity": deep}) is None
