"""400 to 415, other than credentials: paths, bodies, and what the rules forbid."""

from vexil.wire.catalogue.entries import Entry, detail

_NOT_FOUND = detail("Not found.")

PATHS = (
    Entry(
        "host_not_allowed",
        (400,),
        "The host name of the request is not in `DJANGO_ALLOWED_HOSTS`, so it is refused before anything else. The "
        "server's "
        "log names the host (`host.refused`); strangers are not told.",
        "Add the host to `DJANGO_ALLOWED_HOSTS` and start again. Behind a proxy pass the `Host` header on, or set "
        "`USE_X_FORWARDED_HOST`.",
        "This host name is not in DJANGO_ALLOWED_HOSTS; the server's log names it.",
    ),
    Entry(
        "missing_prefix",
        (404,),
        "The path lacks `/api/v1/`. SDKs take the base address with it, and many scripts without.",
        "Put `/api/v1/` before the path.",
        "There is nothing at this path. Did you mean {nearest}? Paths of both APIs begin with /api/v1/.",
        _NOT_FOUND,
        {"nearest": "/api/v1/flags/"},
    ),
    Entry(
        "missing_slash",
        (404,),
        "The path lacks its final slash, and redirects are switched off (`APPEND_SLASH=false`).",
        "Write the slash, before the query string.",
        "There is nothing at this path. Did you mean {nearest}, with its final slash?",
        _NOT_FOUND,
        {"nearest": "/api/v1/flags/"},
    ),
    Entry(
        "unknown_path",
        (404,),
        "No endpoint has this path. A doubled slash, a capital letter or an id of the wrong form is enough.",
        "Compare the path with the documentation; the hint names the nearest one.",
        "There is nothing at this path. {nearest}",
        _NOT_FOUND,
        {"nearest": "Did you mean /api/v1/identities/?"},
    ),
    Entry(
        "method_not_allowed",
        (405,),
        "The path is right, and its endpoint does not take this method.",
        "Use one of the methods in the answer's `Allow` header.",
        "{method} is not offered here. This path takes {allowed}.",
        detail('Method "PUT" not allowed.'),
        {"method": "PUT", "allowed": "GET, HEAD, OPTIONS"},
    ),
    Entry(
        "not_acceptable",
        (406,),
        "The `Accept` header asks for something that the APIs do not send, such as `text/html` alone.",
        "Accept `application/json` or `*/*`.",
        "Answers are JSON: send Accept: application/json, or leave the header out.",
        detail("Could not satisfy the request Accept header."),
    ),
)

OBJECTS = (
    Entry(
        "no_such_object",
        (404,),
        "The path is right, and what it names is not there, or not for you to see.",
        "Check the ids in the path. Environments are named by their client key in most paths, by their number in some.",
        "What the path names is not there, or not for this credential to see: check the ids in it.",
        detail("No Project matches the given query."),
    ),
    Entry(
        "feature_not_found",
        (404,),
        "The environment has no feature of this name that the key may see: server-only features need a server key, and "
        "disabled ones may be hidden.",
        "Check the name; a client key does not see server-only features.",
        "No feature of this name is served to this key: check the name and, for a server-only feature, send a server "
        "key.",
        detail("Given feature not found"),
    ),
    Entry(
        "invalid_page",
        (404,),
        "The list has no such page.",
        "Begin with page 1 and follow `next` until it is null.",
        "The list has no page of this number: begin with page=1 and follow next.",
        detail("Invalid page."),
    ),
    Entry(
        "change_requests_enabled",
        (409,),
        "Changes of this environment go through change requests.",
        "Make a change request.",
        "This environment is changed by change requests only: make one.",
        {
            "detail": "Cannot update flags in an environment with change requests enabled.",
            "code": "change_requests_enabled",
        },
    ),
)

BODIES = (
    Entry(
        "malformed_request",
        (400, 431),
        "What came is no HTTP/1.1 request, or its head is too large; the text in the answer says what is wrong. A "
        "proxy or a "
        "client of its own making is the usual cause, or TLS sent to a port without it.",
        "Use a common HTTP client; check scheme and port of the address.",
        "This is no HTTP request that can be answered: the text beside this says why. Check the client, the scheme "
        "and the port.",
        detail("The header field Host is missing."),
    ),
    Entry(
        "malformed_body",
        (400,),
        "The body is no JSON (or no form), or not the object that is expected.",
        "Send a JSON object with `Content-Type: application/json`. Quote names with double quotes; NaN is no JSON.",
        "The body could not be read as {media_type}, as Content-Type says: check it with a parser of that.",
        detail("JSON parse error - Expecting value: line 1 column 1 (char 0)"),
        {"media_type": "application/json"},
    ),
    Entry(
        "invalid_fields",
        (400,),
        "Fields are missing, of the wrong kind, too long, or name something that is not there.",
        "Mend the fields that the answer names; `non_field_errors` is about all of them together.",
        "Mend what the answer names: {fields}.",
        {"name": ["This field is required."]},
        {"fields": "name"},
    ),
    Entry(
        "limit_reached",
        (400,),
        "A system limit is reached: features or segments of a project, segment overrides of an environment, "
        "conditions of "
        "a segment, or the length of a value. Limits keep environment documents small enough to be served quickly.",
        "Delete what is not used; or have the operator raise the project's own limit, or the variable that is named.",
        "A system limit is reached: delete what is no longer used, or ask the operator of this server to raise "
        "{limit}.",
        {"project": "The Project has reached the maximum allowed features limit."},
        {"limit": "max_features_allowed of the project"},
    ),
    Entry(
        "not_allowed",
        (400,),
        "The request is well formed, and the state of things forbids it; the contract's own text says why.",
        "See the text in the answer.",
        "The server understood the request, and its rules forbid it now: the text beside this says why.",
        detail("Cannot delete a published version."),
    ),
    Entry(
        "uses_feature_versions",
        (400,),
        "The environment keeps versions of features (v2), so states are not written one by one.",
        "Create a version with its states, and publish it: `POST …/features/{id}/versions/`.",
        "This environment keeps versions of features: write to /api/v1/environments/<id>/features/<id>/versions/.",
        detail("This environment uses v2 feature versioning. Use the environment feature version endpoint instead."),
    ),
    Entry(
        "needs_feature_versions",
        (400,),
        "Versions of features (v2) are not switched on in this environment.",
        "Switch them on, once and for good: `POST /api/v1/environments/{client key}/enable-v2-versioning/`.",
        "Switch on versions first: POST /api/v1/environments/<client key>/enable-v2-versioning/.",
        {"environment": "Environment must use v2 feature versioning."},
    ),
    Entry(
        "null_characters",
        (400,),
        "The query string holds a null character, which no database takes.",
        "Leave it out.",
        "Remove %00 from the query string.",
        detail("Null characters are not allowed."),
    ),
    Entry(
        "body_incomplete",
        (400,),
        "The connection ended before the whole body was there.",
        "Send it again; check proxies and time limits in between.",
        "The body ended before its Content-Length: send it again.",
        detail("The request body ended before all of it was sent."),
    ),
    Entry(
        "body_too_large",
        (413,),
        "The body is larger than `VEXIL_BODY_BYTES_MAX` (10 MB).",
        "Send less at once, or have the operator raise `VEXIL_BODY_BYTES_MAX`; a proxy in front may have a limit, too.",
        "Send less at once, or ask the operator of this server to raise VEXIL_BODY_BYTES_MAX (now {bytes_max}).",
        detail("The request body is larger than 10485760 bytes."),
        {"bytes_max": "10485760"},
    ),
    Entry(
        "unsupported_media_type",
        (415,),
        "The body's `Content-Type` is missing, or is none that this path takes.",
        "Send `Content-Type: application/json`, or a form where tokens of OAuth2 are asked for.",
        "Send Content-Type: {wanted}; this request has {sent}.",
        detail('Unsupported media type "text/plain" in request.'),
        {"wanted": "application/json", "sent": "another one"},
    ),
)
