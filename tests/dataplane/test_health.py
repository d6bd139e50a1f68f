from tests.dataplane.conftest import Serve
from vexil import __version__
from vexil.dataplane.health import Installation, readiness, version


def failing() -> None:
    raise ConnectionError("db.internal:5432 refused")


async def body_of(installation: Installation) -> tuple[int, bytes]:
    answer = await readiness(installation.checks)
    return answer.status, answer.body


def test_liveness_asks_nobody(serve: Serve) -> None:
    answer = serve().get("/health/liveness/")

    assert (answer.status, answer.json()) == (200, {"status": "ok"})


def test_all_paths_of_readiness_answer_without_a_redirect(serve: Serve) -> None:
    client = serve()

    for path in ("/health", "/health/", "/healthcheck", "/health/readiness/"):
        answer = client.get(path)
        assert (answer.status, answer.json()) == (200, {"DatabaseBackend": "working"})
        assert answer.headers["vary"] == "Origin"


def test_a_failing_check_is_named_without_its_secrets(serve: Serve) -> None:
    loop = serve().loop

    status, body = loop.run_until_complete(body_of(Installation({"DatabaseBackend": failing, "Other": lambda: None})))

    assert (status, body) == (500, b'{"DatabaseBackend":"unavailable: ConnectionError","Other":"working"}')


def test_the_version_tells_of_people_and_mail_where_there_is_a_control_plane(serve: Serve) -> None:
    loop = serve().loop
    whole = Installation({}, people=lambda: (True, False), sends_mail=True)

    answer = loop.run_until_complete(version(whole))

    assert answer.body.decode() == (
        f'{{"ci_commit_sha":"unknown","image_tag":"vexil-{__version__}","has_email_provider":true,'
        '"is_enterprise":false,"is_saas":false,"self_hosted_data":{"has_users":true,"has_logins":false},'
        f'"package_versions":{{".":"{__version__}"}}}}'
    )


def test_a_node_without_a_control_plane_knows_no_people(serve: Serve) -> None:
    assert serve().get("/version/").json()["self_hosted_data"] is None


def test_forms_posted_to_health_and_version_are_refused(serve: Serve) -> None:
    client = serve()

    for path in ("/health", "/version/"):
        answer = client.request("POST", path)
        assert (answer.status, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
