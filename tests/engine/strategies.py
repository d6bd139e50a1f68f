"""Random EvaluationContexts, with a liking for what engines get wrong."""

import json
import re

from hypothesis import strategies as st

NAN, INFINITY = float("nan"), float("inf")
TRAIT_NAMES = ["plan", "age", "Plan", "", "サイズ", "$.identity.identifier", "$.plan", "with space"]
PROPERTIES = [
    *TRAIT_NAMES,
    "missing",
    "$.identity.identifier",
    "$.identity.key",
    "$.identity.traits.plan",
    "$.identity.traits['age']",
    "$.identity.traits.サイズ",
    "$.identity.traits",
    "$.identity",
    "$.identity.traits[?@ == 'gold']",
    "$.identity.traits[?search(@, 'go+')]",
    "$.environment.name",
    "$.environment.key",
    "$.environment",
    "$.features.flag_1.enabled",
    "$.segments['s1'].key",
    "$.",
    "$..key",
    "$.identity.traits[",
]
TEXTS = [
    "", "0", "1", "-1", "007", "5", "5.0", "1.50", "-0", "-0.0", " 5 ", "+5", "1_0", "1e3", "nan", "inf", "-inf", "1.2",
    "1.", "True", "true", "False", "false", "None", "null", "gold", "Gold", "old", "é", "e\u0301", "サイズ", "ß", "a,b",
    "[", "٣", "1.2.3", "1.10.0", "1.2.3-beta.2", "1.2.3-beta.11", "1.2.3+build", "1.2.3-1", "01.2.3", "v1.2.3",
    "user-1", "env_user-1", "99999999999999999999", "0.1", "line\n", "a\nb",
]  # fmt: skip
VALUES = [
    *TEXTS,
    "1.2.3:semver", "1.10.0:semver", "1.2.3-beta.2:semver", "1.2:semver", ":semver", "1.2.3+other:semver",
    "2|0", "2|1", "3|-1", "-3|-1", "0.5|0", "1.5|0.5", "|", "2|", "2|0|1", "a|b", "nan|0", "inf|5", "2 | 1",
    "gold,5,True", "5,007", "5, 7", '["gold", 5, true, null, 1.5]', "[gold,5]", "[]", "[1.2, 5]",
    "10", "50", "100", "33.3", "-5", "50%",
]  # fmt: skip
PATTERNS = [
    r"\d+",
    r"^[a-z]+$",
    "gold",
    "old",
    r"1\.2\.\d",
    "(?i)GOLD",
    "True|False",
    r"\w+-\d",
    "",
    "$",
    "é",
    r"-?\d+\.?\d*$",
    ".",
]
TEXT_OPERATORS = [
    "EQUAL", "NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_INCLUSIVE", "LESS_THAN", "LESS_THAN_INCLUSIVE",
    "CONTAINS", "NOT_CONTAINS", "MODULO", "IN", "IS_SET", "IS_NOT_SET", "PERCENTAGE_SPLIT",
]  # fmt: skip

NUMBERS = ["0", "1", "5", "5.0", "7", "1_0", " 5 ", "1e3", "nan", "inf", "1.5", "-1"]
VALUES_BY_OPERATOR = {
    "MODULO": [value for value in VALUES if "|" in value],
    "IN": [value for value in VALUES if "," in value or value.startswith("[")],
    "PERCENTAGE_SPLIT": ["10", "50", "90", "100", "33.3", "-5", "50%", "nan"],
    "GREATER_THAN": NUMBERS,
    "LESS_THAN_INCLUSIVE": NUMBERS,
}
OPERATORS = [*TEXT_OPERATORS, "IN", "REGEX", "UNKNOWN"]

properties = st.one_of(st.sampled_from(["plan", "age"]), st.sampled_from(PROPERTIES))
trait_values = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from(TEXTS),
    st.sampled_from([True, False, None, 0, 1, 5, -7, 10**20, 0.0, -0.0, 1.0, 1.5, 5.0, 0.1, 1e22, NAN, INFINITY]),
    st.text(max_size=4),
)
texts = st.one_of(st.sampled_from(VALUES), st.sampled_from(VALUES), st.text(max_size=4))


def _decided_alike(condition: dict) -> bool:
    """Whether the contract asks for what the reference does."""
    is_semver_search = condition["operator"] == "CONTAINS" and str(condition["value"]).endswith(":semver")
    return not is_semver_search


def values_near(operator: str, trait: object) -> st.SearchStrategy:
    """Values for a condition that have something to do with the trait it is about."""
    text = str(trait)
    if operator == "MODULO":
        return st.sampled_from(["2|0", "2|1", "3|1", "3|-1", "-3|-1", "0.5|0", "1.5|0.5", f"{text}|0", f"1000|{text}"])
    if operator == "REGEX":
        return st.sampled_from([re.escape(text), re.escape(text[:1]), f"{re.escape(text)}$", *PATTERNS])
    if operator == "IN":
        items = st.lists(st.sampled_from([text, text.strip(), f" {text}", "other"]), max_size=3)
        return st.one_of(items, items.map(",".join), items.map(json.dumps))
    return st.sampled_from(
        [text, text.strip(), text[:-1], text[1:], f"0{text}", f"{text}.0", f"{text}0", f"{text}:semver"]
    )


def values_for(operator: str) -> st.SearchStrategy:
    if operator == "REGEX":
        return st.sampled_from(PATTERNS)
    chosen = VALUES_BY_OPERATOR.get(operator)
    likely = st.one_of(st.sampled_from(chosen), texts) if chosen else texts
    return st.one_of(likely, st.lists(texts, max_size=4)) if operator == "IN" else likely


def condition(operator: str, name: str, values: st.SearchStrategy) -> st.SearchStrategy[dict]:
    names = st.just("") if operator == "PERCENTAGE_SPLIT" and name == "age" else st.just(name)
    return st.fixed_dictionaries({"operator": st.just(operator), "property": names, "value": values})


operators = st.sampled_from(OPERATORS)
odd_conditions = st.tuples(operators, properties).flatmap(lambda pair: condition(pair[0], pair[1], values_for(pair[0])))
# About as often true as not, so that rules and precedence have something to decide.
plain_conditions = st.sampled_from(
    [
        {"operator": "EQUAL", "property": "tier", "value": "gold"},
        {"operator": "NOT_EQUAL", "property": "tier", "value": "gold"},
        {"operator": "IN", "property": "$.identity.traits.tier", "value": ["gold", "silver"]},
        {"operator": "GREATER_THAN", "property": "visits", "value": "4"},
        {"operator": "LESS_THAN_INCLUSIVE", "property": "visits", "value": "4"},
        {"operator": "IS_NOT_SET", "property": "missing", "value": ""},
        {"operator": "PERCENTAGE_SPLIT", "property": "", "value": "50"},
        {"operator": "PERCENTAGE_SPLIT", "property": "visits", "value": "50"},
    ]
)
conditions = st.one_of(plain_conditions, plain_conditions, odd_conditions).filter(_decided_alike)
types = st.sampled_from(["ALL", "ANY", "NONE"])
rules = st.recursive(
    st.fixed_dictionaries({"type": types, "conditions": st.lists(conditions, max_size=3)}),
    lambda inner: st.fixed_dictionaries(
        {"type": types},
        optional={"conditions": st.lists(conditions, max_size=2), "rules": st.lists(inner, max_size=3)},
    ),
    max_leaves=5,
)
metadata = st.dictionaries(st.sampled_from(["id", "source"]), st.integers(0, 9), max_size=2)
flag_values = st.sampled_from(["on", 5, None, True, "", 1.5])
variants = st.lists(
    st.fixed_dictionaries(
        {
            "value": flag_values,
            "weight": st.sampled_from([0, 10, 30, 54.54, 30.0, 100, 33.3]),
            "priority": st.integers(0, 5),
        },
        optional={"key": st.sampled_from(["one", "two"])},
    ),
    max_size=4,
)


def feature(name: str, *, keys: st.SearchStrategy[str]) -> st.SearchStrategy[dict]:
    return st.fixed_dictionaries(
        {"name": st.just(name), "key": keys, "enabled": st.booleans(), "value": flag_values},
        optional={
            "variants": variants,
            "metadata": metadata,
            "priority": st.sampled_from([0, 1, 2, 2.5, float("-inf")]),
        },
    )


NAMES = ["flag_1", "flag_2", "flag_3", "フラグ"]
overrides = st.lists(
    st.sampled_from([*NAMES, "not_there"]).flatmap(lambda name: feature(name, keys=st.integers(1, 99).map(str))),
    max_size=3,
)


def segment(key: str) -> st.SearchStrategy[dict]:
    return st.fixed_dictionaries(
        {"key": st.just(key), "name": st.just(f"segment {key}"), "rules": st.lists(rules, max_size=2)},
        optional={"overrides": overrides, "metadata": metadata},
    )


def _some(names: list[str], value: object) -> st.SearchStrategy[dict]:
    return st.lists(st.sampled_from(names), min_size=1, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({name: value(name) for name in chosen})
    )


identities = st.fixed_dictionaries(
    {"identifier": st.one_of(st.sampled_from(["user-1", "42", "é", ""]), st.text(max_size=5))},
    optional={
        "key": st.one_of(st.sampled_from(["", "42", "env_user-1", "5.0"]), st.text(max_size=5)),
    },
).flatmap(
    lambda identity: st.fixed_dictionaries(
        {
            **{name: st.just(value) for name, value in identity.items()},
            "traits": st.fixed_dictionaries(
                {
                    "plan": trait_values,
                    "age": trait_values,
                    "tier": st.sampled_from(["gold", "silver", "bronze"]),
                    "visits": st.integers(0, 9),
                },
                optional=dict.fromkeys(TRAIT_NAMES[2:], trait_values),
            ),
        }
    )
)
contexts = st.fixed_dictionaries(
    {
        "environment": st.fixed_dictionaries(
            {"key": st.sampled_from(["env", "7"]), "name": st.sampled_from(["Production", "5"])}
        ),
        "segments": _some(["s1", "s2", "s3", "s4"], segment),
        "features": _some(NAMES, lambda name: feature(name, keys=st.integers(1, 99).map(str))),
    },
    optional={"identity": st.one_of(identities, identities, identities, identities, st.none())},
)


def _one_condition(trait: object, condition: dict) -> dict:
    return {
        "environment": {"key": "env", "name": "Production"},
        "identity": {"identifier": "user-1", "traits": {"plan": trait}},
        "segments": {"7": {"key": "7", "name": "seven", "rules": [{"type": "ALL", "conditions": [condition]}]}},
    }


single_conditions = (
    st.tuples(trait_values, operators)
    .flatmap(
        lambda pair: st.builds(
            _one_condition,
            st.just(pair[0]),
            st.one_of(
                condition(pair[1], "plan", values_near(pair[1], pair[0])),
                condition(pair[1], "plan", values_near(pair[1], pair[0])),
                condition(pair[1], "plan", values_for(pair[1])),
            ),
        )
    )
    .filter(lambda context: _decided_alike(context["segments"]["7"]["rules"][0]["conditions"][0]))
)
