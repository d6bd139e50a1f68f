import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vexil.engine import pattern_error
from vexil.engine.patterns import UnsupportedPatternError, compile_pattern

CHARACTERS = "abkKsSiI\u212aſßéÉ_05٣ \n-İıσςΣx"
ATOMS = [
    *"abkKsi5_ -", "é", "É", "σ", "ß", "ı", ".", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\n", r"\x41", r"\.",
    "[a-k]", "[^a-k]", "[A-Z_]", r"[\w-]", r"[^\W\d_]", r"[^\s]", "[é-ſ]", r"[^\S\n]", r"[\D5]", "(?:)", "[]a]",
    "(?-i:k)", "(?i:K)", "(?s:.)",
]  # fmt: skip
QUANTIFIERS = ["", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{,2}", "{2,}", "{0}"]
FLAGS = ["", "", "(?i)", "(?a)", "(?s)", "(?ai)", "(?m)", "(?x)"]


def patterns(atoms: list[str]) -> st.SearchStrategy[str]:
    def repeated(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        groups = st.one_of(inner.map("(?:{})".format), inner.map("({})".format), inner.map("(?P<name>{})".format))
        return st.tuples(groups, st.sampled_from(QUANTIFIERS)).map("".join)

    def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.lists(inner, max_size=4).map("".join),
            st.lists(inner, min_size=2, max_size=3).map("|".join),
            repeated(inner),
        )

    simple = st.tuples(st.sampled_from(atoms), st.sampled_from(QUANTIFIERS)).map("".join)
    return (
        st.tuples(st.sampled_from(FLAGS), st.recursive(simple, combined, max_leaves=6)).map("".join).filter(_is_python)
    )


def _is_python(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


@settings(deadline=None, derandomize=True, database=None, max_examples=1500)
@given(patterns(ATOMS), st.sampled_from(["", "$", r"\Z"]), st.text(CHARACTERS, max_size=6))
def test_patterns_match_what_they_match_in_python(pattern: str, end: str, text: str) -> None:
    pattern = f"{pattern}{end}"

    assert compile_pattern(pattern)(text) == (re.match(pattern, text) is not None)


@settings(deadline=None, derandomize=True, database=None, max_examples=1500)
@given(
    patterns(["a", "k", "-", ".", r"\w", r"\W", "^", "$", r"\b", r"\B", r"\A", r"\Z"]), st.text("akK- \n", max_size=6)
)
def test_positions_are_those_of_python_in_texts_of_ascii(pattern: str, text: str) -> None:
    text = f"{text}a"

    assert compile_pattern(pattern)(text) == (re.match(pattern, text) is not None)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("gold", "golden", True),
        ("old", "gold", False),
        ("a$", "a\n", True),
        ("a$", "a\nb", False),
        ("(?m)a$", "a\nb", True),
        (r"a\Z", "a\n", False),
        (r"\d+$", "٣٤", True),
        (r"(?a)\d", "٣", False),
        (r"\w+$", "größe", True),
        (r"\s", "\u3000", True),
        ("(?i)straße", "STRAßE", True),
        ("(?i)k", "\u212a", True),
        ("(?x) a b  # ab", "ab", True),
        (r"[^\W\d_]+$", "aé", True),
        (r"[^\W\d_]+$", "a1", False),
        ("x{,2}$", "xx", True),
        ("", "", True),
        (r"[^\s\S]", "a", False),
        (".", "\ud800", True),
        (".", "\n", False),
    ],
)
def test_pattern_has_the_meaning_it_has_in_python(pattern: str, text: str, matches: bool) -> None:
    assert compile_pattern(pattern)(text) is matches
    assert (re.match(pattern, text) is not None) is matches


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(?=a)b", "look-ahead or look-behind, (?=…) or (?<=…), is not supported"),
        ("(?<=a)b", "look-ahead or look-behind, (?=…) or (?<=…), is not supported"),
        ("(?!a)b", "negative look-ahead or look-behind, (?!…) or (?<!…), is not supported"),
        ("(?<!a)b", "negative look-ahead or look-behind, (?!…) or (?<!…), is not supported"),
        (r"(a)\1", r"a back-reference, \1 or (?P=…), is not supported"),
        ("(?P<x>a)(?P=x)", r"a back-reference, \1 or (?P=…), is not supported"),
        ("(a)?(?(1)b|c)", "a conditional group, (?(1)…), is not supported"),
        ("(?>a)b", "an atomic group, (?>…), is not supported"),
        ("a++", "a possessive repetition, *+ or ++, is not supported"),
        ("a{1001}", "a repetition of more than 1000 times is not supported"),
        ("(a{1000}){1000}", "it grows too large once its repetitions are written out"),
        ("(" * 3000 + ")" * 3000, "it is nested too deeply or repeats too often"),
        ("a{99999999999}", "it is nested too deeply or repeats too often"),
        ("(a", "not a regular expression: missing ), unterminated subpattern at position 0"),
        ("*a", "not a regular expression: nothing to repeat at position 0"),
        (r"\p{L}", r"not a regular expression: bad escape \p at position 0"),
    ],
)
def test_pattern_that_cannot_run_is_refused_by_naming_the_construct(pattern: str, reason: str) -> None:
    assert pattern_error(pattern) == reason
    with pytest.raises(UnsupportedPatternError):
        compile_pattern(pattern)


def test_good_pattern_has_no_error() -> None:
    assert pattern_error(r"^(?P<name>[a-z]+)-\d{2,}$") is None


def test_refused_pattern_writes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    pattern_error("(?:\\w{1,1000}){100}")

    assert capfd.readouterr() == ("", "")


@pytest.mark.timeout(5)
def test_pattern_that_backtracks_for_ever_in_python_is_answered_at_once() -> None:
    assert compile_pattern(r"(a+)+$")("a" * 10_000 + "b") is False


@pytest.mark.parametrize(("pattern", "text"), [(r"Zoë\b", "Zoë"), ("a$\n", "a\n")])
def test_two_rare_patterns_match_in_python_only(pattern: str, text: str) -> None:
    # Known differences, told in the module's docstring: RE2 has no other word boundary and no look-ahead.
    assert compile_pattern(pattern)(text) is False
    assert re.match(pattern, text) is not None
