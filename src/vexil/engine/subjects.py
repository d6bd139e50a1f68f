"""Who is evaluated."""

from collections.abc import Callable, Mapping
from typing import Self

from vexil.engine.coercion import ContextValue, coerce
from vexil.engine.hashing import encoded
from vexil.engine.properties import PATH_PREFIX, Document, path_reader

_NO_TRAITS: Mapping[str, object] = {}


class Subject(dict[str, ContextValue]):
    """An identity in its environment; as a mapping: the coerced value of each property, found on first use."""

    __slots__ = (
        "_document", "encoded_key", "environment_key", "environment_name", "identifier", "key", "traits", "verdicts",
    )  # fmt: skip

    def __init__(
        self,
        *,
        identifier: str,
        key: str | None,
        traits: Mapping[str, object],
        environment_key: str,
        environment_name: str,
    ) -> None:
        self.identifier = identifier
        self.key = key
        self.encoded_key = None if key is None else encoded(key)
        """As percentages are computed from it."""
        self.traits = traits
        self.environment_key = environment_key
        self.environment_name = environment_name
        self.verdicts: dict[tuple[str, str], bool] = {}
        """Whether patterns match, by property and pattern."""
        self._document: Document | None = None

    @classmethod
    def of_context(cls, context: Document) -> Self:
        """The subject of an EvaluationContext whose identity, if there is one, has its key filled in."""
        environment, identity = _mapping(context.get("environment")), _mapping(context.get("identity"))
        subject = cls(
            identifier=str(identity.get("identifier")),
            key=str(identity.get("key")) if identity else None,
            traits=_mapping(identity.get("traits")),
            environment_key=str(environment.get("key")),
            environment_name=str(environment.get("name")),
        )
        subject._document = context
        return subject

    def __missing__(self, name: str) -> ContextValue:
        value = self.traits.get(name)
        if value is None and name.startswith(PATH_PREFIX):
            value = path_reader(name)(self._as_document())
        coerced = self[name] = coerce(value)
        return coerced

    def _as_document(self) -> Document:
        if self._document is None:
            self._document = {
                "environment": {"key": self.environment_key, "name": self.environment_name},
                "identity": {"identifier": self.identifier, "key": self.key, "traits": self.traits},
            }
        return self._document


Matcher = Callable[[Subject], bool]


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else _NO_TRAITS
