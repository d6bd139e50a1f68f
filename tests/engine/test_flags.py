from tests.engine.examples import make_subject
from vexil.engine import Environment, Flag, Matcher, Outcomes, Override, Subject, Variant, percentage


def fixed(answer: bool) -> Matcher:
    return lambda subject: answer


def test_flag_without_overrides_and_variants_gives_its_default() -> None:
    environment = Environment([], [Flag(Outcomes(b"a")), Flag(Outcomes(b"b"))])

    assert environment.evaluate(make_subject()) == [b"a", b"b"]


def test_first_override_whose_segment_matches_wins() -> None:
    overrides = (Override(0, Outcomes("no")), Override(2, Outcomes("strong")), Override(1, Outcomes("weak")))
    environment = Environment(
        [fixed(False), fixed(True), fixed(True)],
        [Flag(Outcomes("default"), overrides), Flag(Outcomes("default"), overrides[:1])],
    )

    assert environment.evaluate(make_subject()) == ["strong", "default"]


def test_identity_override_wins_over_segments() -> None:
    environment = Environment(
        [fixed(True)], [Flag(Outcomes("default"), (Override(0, Outcomes("segment")),)), Flag(Outcomes("plain"))]
    )

    assert environment.evaluate(make_subject(), {0: Outcomes("own"), 1: Outcomes("own too")}) == ["own", "own too"]


def test_segment_is_evaluated_once_and_only_if_an_answer_hangs_on_it() -> None:
    asked: list[str] = []

    def asking(name: str, answer: bool) -> Matcher:
        def matcher(subject: Subject) -> bool:
            asked.append(name)
            return answer

        return matcher

    environment = Environment(
        [
            asking("shared", False),
            asking("decides", True),
            asking("weaker", True),
            asking("unused", True),
            asking("own", True),
        ],
        [
            Flag(Outcomes(0), (Override(0, Outcomes(1)), Override(1, Outcomes(2)), Override(2, Outcomes(3)))),
            Flag(Outcomes(0), (Override(0, Outcomes(1)),)),
            Flag(Outcomes(0), (Override(4, Outcomes(1)),)),
        ],
    )

    assert environment.evaluate(make_subject(), {2: Outcomes(9)}) == [2, 0, 9]
    assert asked == ["shared", "decides"]


def test_results_of_one_evaluation_do_not_leak_into_the_next() -> None:
    environment = Environment([], [Flag(Outcomes("default"))])

    environment.evaluate(make_subject())[0] = "changed"

    assert environment.evaluate(make_subject()) == ["default"]


def test_variants_share_the_percentages_in_their_order() -> None:
    outcomes = Outcomes("control", (Variant(20.0, "first"), Variant(30.0, "second")), "12")
    keys = [f"key-{number}" for number in range(500)]

    def expected(value: float) -> str:
        return "first" if value < 20 else "second" if value < 50 else "control"

    chosen = [outcomes.choose(key) for key in keys]
    assert chosen == [expected(percentage(["12", key])) for key in keys]
    assert set(chosen) == {"first", "second", "control"}


def test_variant_ends_before_its_limit() -> None:
    value = percentage(["12", "alice"])

    assert Outcomes("control", (Variant(value, "first"),), "12").choose("alice") == "control"
    assert Outcomes("control", (Variant(value, "first"), Variant(1, "second")), "12").choose("alice") == "second"


def test_variant_of_no_weight_is_never_chosen_and_one_of_100_always() -> None:
    outcomes = Outcomes("control", (Variant(0, "none"), Variant(100, "all")), "12")

    assert {outcomes.choose(f"key-{number}") for number in range(200)} == {"all"}


def test_without_a_key_the_control_value_is_given() -> None:
    assert Outcomes("control", (Variant(100, "all"),), "12").choose(None) == "control"


def test_override_hashes_with_its_own_seed() -> None:
    variants = (Variant(50.0, "half"),)
    flag = Flag(Outcomes("default", variants, "1"), (Override(0, Outcomes("override", variants, "2")),))

    chosen = [Environment([fixed(True)], [flag]).evaluate(make_subject(key=f"key-{number}"))[0] for number in range(50)]

    assert chosen == ["half" if percentage(["2", f"key-{number}"]) < 50 else "override" for number in range(50)]


def test_equal_outcomes_compare_equal() -> None:
    assert Outcomes("a", (Variant(1.0, "b"),), "s") == Outcomes("a", (Variant(1.0, "b"),), "s")
