"""Which of the answer's forms a client accepts."""

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

from vexil.wire.errors import wants_problem


class Negotiation(DefaultContentNegotiation):
    """Who accepts `application/problem+json` accepts JSON: that form is for errors, and `errors` chooses it."""

    def get_accept_list(self, request: Request) -> list[str]:
        accepted = super().get_accept_list(request)
        return ["application/json", *accepted] if wants_problem(request.headers.get("Accept")) else accepted
