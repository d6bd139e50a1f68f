"""401 and 403: keys, tokens, and what their holders may do."""

from vexil.wire.catalogue.entries import Entry, detail

_MISSING_KEY = detail("Invalid or missing Environment key")
_UNKNOWN_KEY = detail("Invalid or missing Environment Key")
_NO_CREDENTIALS = detail("Authentication credentials were not provided.")
_INVALID_API_KEY = detail("Valid Master API Key not found.")

FLAGS_API = (
    Entry(
        "missing_environment_key",
        (403,),
        "A request to the Flags API carries no `X-Environment-Key`, or an empty one. A proxy that drops unknown "
        "headers, "
        "or a variable that is not set, ends in the same.",
        "Send the environment's client key, or a server key (`ser.…`), as `X-Environment-Key`.",
        "Send the environment's key in the header X-Environment-Key; this request has none, or an empty one.",
        _MISSING_KEY,
    ),
    Entry(
        "wrong_header",
        (401, 403),
        "The credential of one API was sent to the other: `Authorization` belongs to the Admin API, "
        "`X-Environment-Key` "
        "to the Flags API.",
        "Flags API (`/api/v1/flags/`, `/identities/`, `/traits/`, `/environment-document/`, `/analytics/`): "
        "`X-Environment-Key`. Everything else below `/api/v1/`: `Authorization: Api-Key …` or `Token …`.",
        "This is the {api}: send {wanted}. You sent {sent}, which belongs to the {other}.",
        _MISSING_KEY,
        {
            "api": "Flags API",
            "wanted": "the environment's key as X-Environment-Key",
            "sent": "Authorization",
            "other": "Admin API",
        },
    ),
    Entry(
        "server_key_needed",
        (403,),
        "The environment document holds all rules and overrides, so client keys, which anybody can read in an app, "
        "do not "
        "open it.",
        "Use a server key (`ser.…`). Create one at `POST /api/v1/environments/{client key}/api-keys/`, or under SDK "
        "keys "
        "in the dashboard, and keep it out of browsers and apps.",
        "{path} needs a server key, which begins with ser.; you sent a client key in X-Environment-Key.",
        _MISSING_KEY,
        {"path": "/api/v1/environment-document/"},
    ),
    Entry(
        "unknown_environment_key",
        (401,),
        "No environment of this server has the key: it has a typing error, belongs to another server or region, or its "
        "environment was never here.",
        "Compare the key with the environment's settings in the dashboard of the very server that you call.",
        "No environment on {host} has the key in X-Environment-Key. Keys belong to one server or region: check that "
        "this "
        "address is the one that made the key, and copy the key again.",
        _UNKNOWN_KEY,
        {"host": "flags.example.com"},
    ),
    Entry(
        "malformed_environment_key",
        (401,),
        "What was sent cannot be a key as it stands: cut off, in quotes, with blanks inside, a placeholder, or the "
        "text of "
        "a variable that was not set.",
        "Keys made here have 22 letters and digits, server keys `ser.` before them. Send exactly that.",
        "The value of X-Environment-Key {problem}.",
        _UNKNOWN_KEY,
        {"problem": "is in quotation marks: send the key without them"},
    ),
    Entry(
        "inactive_server_key",
        (401,),
        "The server key exists and was switched off (`active: false`).",
        "Switch it on again at `PUT /api/v1/environments/{client key}/api-keys/{id}/`, or use another.",
        "The server key in X-Environment-Key is switched off: activate it in the environment's settings, or use "
        "another.",
        _UNKNOWN_KEY,
    ),
    Entry(
        "expired_server_key",
        (401,),
        "The server key's `expires_at` is over.",
        "Create a new server key and give it to your servers.",
        "The server key in X-Environment-Key has expired: create a new one in the environment's settings.",
        _UNKNOWN_KEY,
    ),
    Entry(
        "deleted_server_key",
        (401,),
        "Somebody deleted the server key; it stopped working at once, in every process.",
        "Create a new server key. The audit log tells who deleted the old one.",
        "The server key in X-Environment-Key was deleted: create a new one in the environment's settings.",
        _UNKNOWN_KEY,
    ),
    Entry(
        "deleted_environment",
        (401,),
        "The environment of this key, its project or its organisation was deleted.",
        "Use the key of an environment that is still there.",
        "The environment of this key was deleted: use the key of another one.",
        _UNKNOWN_KEY,
    ),
    Entry(
        "organisation_stopped",
        (403,),
        "An administrator of the installation stopped serving flags for this organisation by hand.",
        "Ask the administrator of the installation. Retrying does not help.",
        "Serving flags was stopped by hand for this organisation: ask the administrator of this installation.",
        detail("Organisation is disabled from serving flags."),
    ),
    Entry(
        "client_traits_not_allowed",
        (400,),
        "The environment takes traits only from servers (`allow_client_traits` is off).",
        "Send traits with a server key, or allow client traits in the environment's settings.",
        "This environment takes traits only with a server key; you sent a client key in X-Environment-Key.",
        {"non_field_errors": ["Setting traits not allowed with client key."]},
    ),
    Entry(
        "traits_not_stored",
        (403,),
        "The organisation does not store traits (`persist_trait_data` is off).",
        "Send traits with `POST /api/v1/identities/`, where they count for that answer only.",
        "This organisation stores no traits: send them with POST /api/v1/identities/, where they count for one answer.",
        detail("Organisation is not authorised to store traits."),
    ),
    Entry(
        "no_event_stream",
        (404,),
        "The path of an event stream holds no client key of this server. Server keys do not open streams.",
        "Use `/sse/environments/<client key>/stream`.",
        "Put the environment's client key into the path /sse/environments/<client key>/stream.",
        detail("There is no event stream for this key. The path takes the environment's client key."),
    ),
)

ADMIN_API = (
    Entry(
        "missing_credentials",
        (401,),
        "A request to the Admin API carries no credential.",
        "Send `Authorization: Api-Key <key>` (an organisation's key) or `Authorization: Token <token>` (from log-in).",
        "Send the header Authorization: Api-Key <key>, or Authorization: Token <token>; this request has none.",
        _NO_CREDENTIALS,
    ),
    Entry(
        "unknown_scheme",
        (401,),
        "The first word of `Authorization` is none that is known, has nothing after it, or is `Api-Key` in another "
        "spelling: it counts only as written, with one blank behind it.",
        "Begin the header's value with `Api-Key ` or `Token `.",
        "Authorization {problem}: write Authorization: Api-Key <key>, or Authorization: Token <token>.",
        _NO_CREDENTIALS,
        {"problem": "begins with no scheme that is known here"},
    ),
    Entry(
        "wrong_scheme",
        (401,),
        "The value and the scheme word do not fit: organisation keys (`<8 characters>.<32 characters>`) go with "
        "`Api-Key`, users' tokens (40 hexadecimal digits) with `Token`.",
        "Change the word, not the value.",
        "The value in Authorization looks like {looks_like}: write Authorization: {right} <value>, not {sent}.",
        _INVALID_API_KEY,
        {"looks_like": "a user's token", "right": "Token", "sent": "Api-Key"},
    ),
    Entry(
        "malformed_credential",
        (401,),
        "The value in `Authorization` cannot be a key or token as it stands: cut off, in quotes, or with blanks "
        "inside.",
        "Copy it again, whole. An organisation's key is shown only once, when it is made.",
        "The value in Authorization {problem}.",
        _INVALID_API_KEY,
        {"problem": "is in quotation marks: send it without them"},
    ),
    Entry(
        "unknown_api_key",
        (401,),
        "No usable organisation key has this value: it has a typing error, or belongs to another server or region.",
        "Compare its prefix with the list in the organisation's settings, or create a new key.",
        "The key in Authorization opens nothing here: compare its first eight characters with the list in the "
        "organisation's settings on this server or region, or create a new key.",
        _INVALID_API_KEY,
    ),
    Entry(
        "revoked_api_key",
        (401,),
        "The key was revoked or deleted in the organisation's settings, perhaps by a teammate.",
        "Create a new key. The audit log tells who removed the old one.",
        "The key in Authorization was revoked or deleted: create a new one in the organisation's settings.",
        _INVALID_API_KEY,
    ),
    Entry(
        "expired_api_key",
        (401,),
        "The key's expiry date is over.",
        "Create a new key.",
        "The key in Authorization has expired: create a new one in the organisation's settings.",
        _INVALID_API_KEY,
    ),
    Entry(
        "invalid_user_token",
        (401,),
        "The token is nobody's: its user has logged out, it was never made here, or it has a typing error.",
        "Log in again (`POST /api/v1/auth/login/`), or use an organisation's key for scripts.",
        "The token in Authorization is not valid here: log in again (POST /api/v1/auth/login/). Logging out ends a "
        "token "
        "everywhere.",
        detail("Invalid token."),
    ),
    Entry(
        "refused_access_token",
        (401,),
        "The access token (`Authorization: Bearer …`) is unknown here, older than 15 minutes, or was revoked by its "
        "user.",
        "Get the next one with the refresh token (`POST /o/token/`), or log in again (`flagsmith login`).",
        "The access token in Authorization is unknown, has expired or was revoked: get the next one with the refresh "
        "token at /o/token/, or log in again.",
        _NO_CREDENTIALS,
    ),
    Entry(
        "insufficient_scope",
        (403,),
        "The application was allowed to do some things as its user, and this is none of them. `mcp` opens the "
        "operations that are tagged so in `/api/v1/docs/`, `admin-api` opens all.",
        "Use another credential: a user's token, or an organisation's key.",
        "The scope of this access token ({scopes}) does not open this: use a user's token, or an organisation's key.",
        detail("The scope of this access token does not include this."),
        {"scopes": "mcp"},
    ),
    Entry(
        "untrusted_token",
        (401,),
        "A token of another issuer was to be exchanged (`POST /api/v1/auth/oidc/token/`), and no organisation trusts "
        "it: `iss` and `aud` have to be literally those of exactly one trust relationship, each of its rules has to "
        "be met, and the issuer's keys, which are asked for over https, have to confirm the signature.",
        "Compare the token's claims with the trust relationship, and its expiry with the clock. A GitHub workflow "
        "needs `permissions: id-token: write` and asks for the token with the audience of the relationship.",
        "detail says what is wrong. Compare the token's iss, aud and other claims with the organisation's trust "
        "relationships.",
        detail("No trust relationship matches this token."),
    ),
    Entry(
        "oauth_refused",
        (400, 401),
        "An application asked for tokens, or for a person's consent, in a way that gives none; `error` is one of "
        "RFC 6749 and RFC 7591.",
        "Compare the request with `/.well-known/oauth-authorization-server`. A code is good for a minute, and once; a "
        "refresh token is good once, and gives the next.",
        "error and error_description say what is wrong. What is supported is told by "
        "/.well-known/oauth-authorization-server.",
        {"error": "invalid_grant", "error_description": "The code is unknown or has expired."},
    ),
    Entry(
        "inactive_user",
        (401,),
        "The user of this token is not active.",
        "Open the mailed activation link, or ask an administrator.",
        "The user of this token is not active: open the mailed activation link, or ask an administrator.",
        detail("User inactive or deleted."),
    ),
    Entry(
        "login_failed",
        (400, 401),
        "E-mail address and password do not belong together, the account is not active yet, or the second step was "
        "wrong "
        "or too late.",
        "Check both, or ask for a new password (`POST /api/v1/auth/users/reset_password/`).",
        "Check e-mail address, password and, with two-step log-in, the code; then log in again.",
        {"non_field_errors": ["Unable to log in with provided credentials."]},
    ),
    Entry(
        "permission_denied",
        (403,),
        "The credential is good, and its holder lacks the right; or the object, or its parent, is not there. The "
        "answer "
        "is the same in each case, so that nobody learns what others have.",
        "Ask an administrator of the organisation or project for the right, and check the ids in the path. "
        "`docs/rights.md` "
        "lists what each request needs.",
        "{who} may not {method} here: check the ids in the path and the body, or ask an administrator of the "
        "organisation "
        "or project for the right.",
        detail("You do not have permission to perform this action."),
        {"who": "The user of this token", "method": "POST"},
    ),
    Entry(
        "sign_up_closed",
        (403,),
        "This installation takes new users by invitation only, or not by password (`PREVENT_SIGNUP`, "
        "`ALLOW_REGISTRATION_WITHOUT_INVITE`, `PREVENT_EMAIL_PASSWORD`).",
        "Ask an organisation's administrator for an invitation.",
        "Signing up is limited on this server: ask an organisation's administrator for an invitation.",
        detail("Signing-up without a valid invitation is disabled. Please contact your administrator."),
    ),
    Entry(
        "user_token_needed",
        (400,),
        "The request is about a user, and an organisation's key is none.",
        "Send a user's token: `Authorization: Token …`.",
        "Only users can ask this: send Authorization: Token <token> in place of Api-Key.",
        detail("This endpoint can only be used with a user and not Master API Key"),
    ),
)
