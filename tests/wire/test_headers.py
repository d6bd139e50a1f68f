from vexil.wire import headers


def test_a_preflight_lists_methods_and_headers() -> None:
    answer = dict(headers.preflight("https://app.test", ("traceparent",)))

    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Access-Control-Allow-Methods"] == "DELETE, GET, OPTIONS, PATCH, POST, PUT"
    assert answer["Access-Control-Allow-Headers"].split(", ")[-2:] == ["flagsmith-sdk-user-agent", "traceparent"]
    assert answer["Access-Control-Max-Age"] == "86400"
    assert answer["Vary"] == "Origin"


def test_without_origin_there_are_no_cors_headers() -> None:
    assert headers.cors(None) == ()
    assert not any(name.startswith("Access-Control") for name, _ in headers.preflight(None, ()))


def test_options_is_a_preflight_only_with_the_request_method_header() -> None:
    assert headers.is_preflight("OPTIONS", "GET")
    assert not headers.is_preflight("OPTIONS", None)
    assert not headers.is_preflight("GET", "GET")
