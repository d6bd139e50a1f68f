"""429 and 5xx: limits of use, and a server that cannot answer at the moment."""

from vexil.wire.catalogue.entries import Entry, detail

LIMITS = (
    Entry(
        "throttled",
        (429,),
        "Too many Admin API requests of one user, key or address within the span of the rate. The Flags API is never "
        "throttled.",
        "Wait as many seconds as `Retry-After` says, and you are served. Scripts: ask for larger pages "
        "(`page_size`), use one call for many changes, or have the operator raise the variable.",
        "Wait {seconds} s (Retry-After), then go on. The rate here is {rate} ({variable}).",
        detail("Request was throttled. Expected available in 12 seconds."),
        {"seconds": "12", "rate": "500/min", "variable": "USER_THROTTLE_RATE"},
    ),
    Entry(
        "allowance_exceeded",
        (429,),
        "The organisation is on the free plan, has used more than its allowance, and the seven days of grace are over. "
        "Installations without billing have no allowance.",
        "Change the plan, which unblocks at once; or wait for the time that the hint names.",
        "This organisation has used more than its plan's allowance; it is served again from {until} on, or at once "
        "after a "
        "change of plan.",
        detail("Organisation has exceeded its API allowance."),
        {"until": "2026-01-31T12:00:00Z"},
    ),
    Entry(
        "too_many_connections",
        (503,),
        "This process has as many open connections as it takes.",
        "Keep connections open and use them again; add workers or nodes.",
        "Use connections again in place of opening new ones; the operator can add workers.",
        detail("Too many connections are open."),
    ),
    Entry(
        "plan_limit_reached",
        (400, 403),
        "Billing is on, and the organisation's plan includes no more people or projects.",
        "Remove somebody or something, or change the plan: `vexil plan <organisation> <plan>` on the server.",
        "The organisation's plan includes no more of these; an operator can change it with `vexil plan`.",
        detail("Please upgrade your plan to add additional seats/users"),
    ),
    Entry(
        "too_many_streams",
        (503,),
        "This process has as many open event streams as it may (`VEXIL_STREAMS_MAX`), or too many arrive at once.",
        "Clients come back by themselves after `Retry-After`. Raise `VEXIL_STREAMS_MAX`, or add workers or nodes.",
        "Come back after {seconds} s (Retry-After); the operator can raise VEXIL_STREAMS_MAX or add workers.",
        detail("Too many event streams at the moment."),
        {"seconds": "12"},
    ),
)

OUTAGES = (
    Entry(
        "database_unavailable",
        (503, 500),
        "The database does not answer. The Flags API goes on serving what is in memory; what needs the database is "
        "refused.",
        "Retry with backoff. Operators: check `DATABASE_URL`, that the database runs, and its number of connections; "
        "`/health` says when it is back.",
        "The database cannot be reached at the moment: try again with backoff. Operators: see /health and "
        "DATABASE_URL.",
        detail("The database cannot be reached at the moment. Try again."),
    ),
    Entry(
        "cache_cold",
        (503,),
        "This process has just started and has not read its environments yet, since the database does not answer. "
        "Nothing "
        "is known of any key, so none is called wrong.",
        "Retry with backoff. Operators: start the database first, and let proxies ask `/health` before they send "
        "requests.",
        "This process has just started and could not read its environments yet: try again with backoff.",
        detail("The database cannot be reached at the moment. Try again."),
    ),
    Entry(
        "migrations_pending",
        (503, 500),
        "The program is newer than the tables in its database.",
        "Run `vexil migrate` (`vexil serve` does so at its start), once, on one node.",
        "The database's tables are of an older version: the operator must run vexil migrate.",
        detail("The database needs a migration."),
    ),
    Entry(
        "internal_error",
        (500,),
        "Something failed that nobody foresaw. The log holds the cause, under `request.failed`.",
        "Report it with the lines of the log. Reads, and writes that set values, may be tried again.",
        "This is a fault of the server: its log has the cause. Tell its operator the time and the path.",
        detail("Internal server error."),
    ),
)

NOT_REACHED = (
    Entry(
        "dns_failed",
        (),
        "The host name leads to no address.",
        "Check the name for typing errors, and the DNS records of the domain.",
        "{host} leads to no address: check its spelling and its DNS record.",
        None,
        {"host": "flags.example.com"},
    ),
    Entry(
        "connection_refused",
        (),
        "Nothing listens at the address and port, or a firewall lies between.",
        "Check that the container or process runs, its port, and that it listens on `0.0.0.0` in a container.",
        "Nothing answers at {address}: check that the server runs, its port, and firewalls.",
        None,
        {"address": "flags.example.com:443"},
    ),
    Entry(
        "tls_failed",
        (),
        "No secure connection came about: the certificate has expired, is for another name, or its issuer is not "
        "trusted "
        "here; or the port does not speak TLS.",
        "Renew the certificate, send the whole chain, and use the name that is in it.",
        "No secure connection with {host}: {problem}.",
        None,
        {"host": "flags.example.com", "problem": "certificate has expired"},
    ),
    Entry(
        "tls_expires_soon",
        (),
        "The certificate is good for a few days only.",
        "Renew it, and look why it was not renewed automatically.",
        "The certificate ends in {days} days: renew it.",
        None,
        {"days": "5"},
    ),
    Entry(
        "bad_gateway",
        (502,),
        "A proxy answered, not Vexil: it got no valid answer from the server behind it. Vexil itself never sends 502.",
        "Check that Vexil runs (its log, `/health/liveness/`), and the address and port in the proxy's configuration. "
        "Clients: retry with backoff.",
        "A proxy answered in place of Vexil ({server}): check that Vexil runs and is where the proxy expects it.",
        None,
        {"server": "nginx"},
    ),
    Entry(
        "service_unavailable",
        (503,),
        "A proxy answered, not Vexil: it knows no healthy server behind it, as during a start, or while health "
        "checks fail.",
        "Look at `/health` from inside: it says what fails. Check that the proxy asks `/health`, with a host that is "
        "in "
        "`DJANGO_ALLOWED_HOSTS`. Clients: retry with backoff.",
        "A proxy answered in place of Vexil ({server}): no server behind it is healthy. See /health from inside.",
        None,
        {"server": "nginx"},
    ),
    Entry(
        "gateway_timeout",
        (504,),
        "A proxy answered, not Vexil: the server behind it took longer than the proxy waits (60 s in nginx, 30 s in "
        "many "
        "load balancers). A very large environment document, or a database that does not answer, takes long.",
        "Look at the size of the document (`vexil doctor`), archive features, and check the database and the "
        "processor's load.",
        "A proxy answered in place of Vexil ({server}): the server behind it took too long.",
        None,
        {"server": "nginx"},
    ),
    Entry(
        "unexpected_redirect",
        (301, 302, 307, 308),
        "The address redirects: from http to https, to another host, or to a path with its slash. SDKs may drop "
        "headers or "
        "turn POST into GET on the way.",
        "Use the address that the redirect names.",
        "{path} redirects to {location}: use that address, since clients may lose headers or bodies on the way.",
        None,
        {"path": "/api/v1/flags/", "location": "https://flags.example.com/api/v1/flags/"},
    ),
    Entry(
        "not_vexil",
        (),
        "The answer did not come from Vexil: it lacks the `Flagsmith-Version` header. Another service, a parked "
        "domain or a "
        "log-in page has the address.",
        "Check the address, and what the proxy sends there.",
        "{path} was answered with {status} by something else ({server}): check the address and the proxy.",
        None,
        {"path": "/version/", "status": "200", "server": "no Server header"},
    ),
    Entry(
        "clock_skew",
        (),
        "The clocks of server and client differ. Keys expire early or late, and `If-Modified-Since` misses changes.",
        "Let both follow a time server (NTP).",
        "The server's clock is {seconds} s {direction} this one: let both follow a time server.",
        None,
        {"seconds": "90", "direction": "behind"},
    ),
    Entry(
        "slow_document",
        (),
        "The environment document is large or takes long, so that SDKs with local evaluation wait, and proxies may "
        "give up.",
        "Archive unused features, delete unused segments and overrides, split the project.",
        "The environment document has {kilobytes} kB and took {seconds} s: archive unused features, delete unused "
        "segments "
        "and overrides, or split the project.",
        None,
        {"kilobytes": "5210", "seconds": "4.2"},
    ),
    Entry(
        "answers_cached",
        (),
        "Something between keeps answers although Vexil forbids it, so clients see old flags.",
        "Let the proxy or CDN honour `Cache-Control`, or exclude `/api/` from its cache.",
        "A cache in between answered ({sign}): exclude /api/ from it, or clients see old flags.",
        None,
        {"sign": "Age: 30"},
    ),
    Entry(
        "worker_behind",
        (),
        "The task runner has not done what is due: webhooks, mails and scheduled changes are late.",
        "Check that it runs (`vexil serve` starts one; `vexil worker` is one), and its log.",
        "{waiting} tasks are due and not done: check that the task runner runs.",
        None,
        {"waiting": "120"},
    ),
)

LOCAL = (
    Entry(
        "settings_invalid",
        (),
        "A setting holds what it does not accept, or settings contradict each other; the server refuses to start.",
        "Mend the variable that is named; `docs/configuration.md` lists all.",
        "{problem}",
        None,
        {
            "problem": "USER_THROTTLE_RATE accepts a number, a slash and sec, min, hour, day or month; "
            "'often' is not that.",
        },
    ),
    Entry(
        "not_installed",
        (),
        "The data folder is not there: no server has run with these settings on this machine.",
        "Name the folder (`--data-dir`, `VEXIL_DATA_DIR`), or start `vexil serve`, which makes it.",
        "There is no installation in {folder}: name the right one with --data-dir, or start vexil serve, which makes "
        "it.",
        None,
        {"folder": "/var/lib/vexil"},
    ),
    Entry(
        "folder_not_writable",
        (),
        "The user that runs Vexil may not write into the data folder.",
        "Give the folder to that user; in a container, check the volume's owner.",
        "{folder} cannot be written by this user: change its owner or its rights.",
        None,
        {"folder": "/var/lib/vexil"},
    ),
    Entry(
        "disk_full",
        (),
        "Little space is left where the data are. A database that cannot write refuses every change.",
        "Make room, or give the data a larger disk.",
        "Only {megabytes} MB are free where the data are: make room.",
        None,
        {"megabytes": "120"},
    ),
    Entry(
        "mail_unreachable",
        (),
        "The mail server does not answer, so invites and links for passwords do not leave.",
        "Check `EMAIL_HOST`, `EMAIL_PORT` and firewalls.",
        "The mail server {server} does not answer: check EMAIL_HOST, EMAIL_PORT and firewalls.",
        None,
        {"server": "smtp.example.com:587"},
    ),
    Entry(
        "collector_unreachable",
        (),
        "Nothing answers at the address to which spans are sent, so they are lost; the server goes on.",
        "Check `OTEL_EXPORTER_OTLP_ENDPOINT`, the collector and firewalls.",
        "Nothing answers at {address}: check OTEL_EXPORTER_OTLP_ENDPOINT, the collector and firewalls.",
        None,
        {"address": "http://collector:4318"},
    ),
)
