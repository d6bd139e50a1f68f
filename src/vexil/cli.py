"""The `vexil` command."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from vexil import __version__, config, logs
from vexil.config import Config, ConfigError
from vexil.doctor import examination, local
from vexil.doctor.asking import BadAddress
from vexil.doctor.findings import Finding
from vexil.server import greeting, operating, reloading
from vexil.stores.opening import open_stores
from vexil.stores.unavailable import Unavailable
from vexil.tracing import TASK_RUNNER, NotInstalled, tracing

_DEFAULT_PORT = 8000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it went well, 1 when it failed, 2 when it was asked wrongly."""
    options = _parser().parse_args(arguments)
    if options.data_dir:
        os.environ["VEXIL_DATA_DIR"] = str(options.data_dir)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vexil.controlplane.site.settings")
    try:
        settings = config.load()
        logs.configure(settings)
        return int(options.command(settings, options) or 0)
    except ConfigError as error:
        if options.command is _doctor:
            return _print_report([local.settings_invalid(error)], options)
        print(f"vexil: {error}", file=sys.stderr)
        return 2
    except (NotInstalled, logs.Unusable) as error:
        return _fail(str(error))
    except Unavailable as error:
        return _fail(f"the database cannot be reached: {' '.join(str(error).split())}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vexil", description="Feature flags and remote config.")
    parser.add_argument("--version", action="version", version=f"vexil {__version__}")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--data-dir", type=Path, help="folder of the SQLite databases (default: ./vexil-data)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", parents=[shared], help="migrate the database and serve everything")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=_port, default=_DEFAULT_PORT, help="port to listen on (default: %(default)s)")
    serve.add_argument("--workers", type=_positive, help="server processes (default: GUNICORN_WORKERS or 1)")
    serve.add_argument("--role", choices=("all", "flags", "admin"), default="all", help="planes to serve")
    serve.add_argument("--demo", action="store_true", help="create a small demo project and print its keys")
    serve.add_argument("--reload", action="store_true", help="start again when a source file changes")
    serve.set_defaults(command=_serve)

    migrate = commands.add_parser("migrate", parents=[shared], help="bring the database up to date")
    migrate.set_defaults(command=_migrate)

    worker = commands.add_parser("worker", parents=[shared], help="run the task runner only")
    worker.set_defaults(command=_worker)

    operating.add_commands(commands, shared, _operating)

    admin = commands.add_parser("createadmin", parents=[shared], help="create an administrator of the installation")
    admin.add_argument("--email", required=True)
    admin.add_argument("--password", help="without it, a link for choosing one is printed")
    admin.add_argument("--first-name", default="")
    admin.add_argument("--last-name", default="")
    admin.add_argument(
        "--url", default=f"http://localhost:{_DEFAULT_PORT}", help="where the server is found (default: %(default)s)"
    )
    admin.set_defaults(command=_create_admin)

    doctor = commands.add_parser(
        "doctor", parents=[shared], help="find out what is wrong with a server, or with this installation"
    )
    doctor.add_argument("url", nargs="?", help="address of a server; without it, the installation on this machine")
    doctor.add_argument("--key", help="a key of an environment, to be tried at the Flags API")
    doctor.add_argument("--token", help="a user's token or an organisation's key, to be tried at the Admin API")
    doctor.add_argument("--json", action="store_true", help="print JSON for scripts")
    doctor.set_defaults(command=_doctor)
    _add_moving(commands, shared)
    return parser


def _add_moving(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser
) -> None:
    """Exports and imports, under our names and under those that operators of Flagsmith know."""
    for name, help_text in (
        ("export", "write an organisation to a file (compressed if its name ends in .gz)"),
        ("dumporganisationtolocalfs", "the same as export"),
    ):
        export = commands.add_parser(name, parents=[shared], help=help_text)
        export.add_argument("organisation", type=int, help="id of the organisation")
        export.add_argument("path", type=Path)
        export.set_defaults(command=_export)
    for name, help_text in (
        ("import", "import an organisation from a file"),
        ("loaddata", "the same as import, for a file"),
    ):
        load = commands.add_parser(name, parents=[shared], help=help_text)
        load.add_argument("source", help="a file that `vexil export` wrote, or `flagsmith` for one that runs")
        load.add_argument("--admin", metavar="EMAIL", help="a user who becomes administrator of the organisation")
        load.set_defaults(command=_import)
        if name == "import":
            _add_flagsmith(load.add_argument_group("import flagsmith"))
    _add_object_stores(commands, shared)


def _add_object_stores(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser
) -> None:
    to_s3 = commands.add_parser(
        "dumporganisationtos3", parents=[shared], help="write an organisation to S3 (compressed if the key ends in .gz)"
    )
    to_s3.add_argument("organisation", type=int, help="id of the organisation")
    from_s3 = commands.add_parser("importorganisationfroms3", parents=[shared], help="import an organisation from S3")
    for parser in (to_s3, from_s3):
        parser.add_argument("bucket")
        parser.add_argument("key")
    from_s3.add_argument("--admin", metavar="EMAIL", help="a user who becomes administrator of the organisation")
    to_s3.set_defaults(command=_export_to_s3)
    from_s3.set_defaults(command=_import_from_s3)
    abandon = commands.add_parser(
        "abandonimport", parents=[shared], help="list imports that were stopped, or undo one of them"
    )
    abandon.add_argument("number", type=int, nargs="?", help="as the list shows it")
    abandon.set_defaults(command=_abandon_import)


def _add_flagsmith(options: "argparse._ArgumentGroup") -> None:
    options.add_argument("--api-url", help="address of its Admin API, such as https://flagsmith.example.com/api/v1/")
    options.add_argument("--token", help="a master API key, or a user's token; better in FLAGSMITH_API_KEY")
    options.add_argument("--flags-url", help="address of its Flags API, if that is another one")
    options.add_argument("--organisation", help="id or name, where the token sees several")
    options.add_argument("--project", action="append", default=[], help="the only project to import; can be repeated")
    options.add_argument("--sample", type=int, default=100, help="identities per environment to compare at the end")
    options.add_argument("--dry-run", action="store_true", help="read and count, and write nothing")
    options.add_argument("--afresh", action="store_true", help="forget what an import that was stopped has read")


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; it takes a number from 1 to 65535")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"{text!r} does not do; it takes a number from 1 to 256")
    return int(text)


def _serve(settings: Config, options: argparse.Namespace) -> int:
    if options.reload:
        return reloading.serve_again_on_change([word for word in sys.argv[1:] if word != "--reload"])
    from vexil.server import processes  # noqa: PLC0415 -- slow import

    try:
        processes.check_settings(settings)
        processes.check_address(options.host, options.port)
    except processes.AddressInUse as error:
        return _fail(str(error))
    address = f"http://{_url_host(options.host)}:{options.port}"
    lines = _prepare_to_serve(settings, address, options) if options.role != "flags" else []
    print(f"Vexil {__version__} serves {address}/ (Ctrl-C stops it)", *lines, sep="\n", flush=True)
    workers = options.workers or settings.workers
    processes.serve(settings, host=options.host, port=options.port, workers=workers, role=options.role)
    return 0


def _prepare_to_serve(settings: Config, address: str, options: argparse.Namespace) -> list[str]:
    """Bring the database up to date and take the first steps; the lines to be printed."""
    _migrate(settings, options)
    from django.db import connections  # noqa: PLC0415 -- slow import

    from vexil.controlplane.actions import demo, first_run, publishing  # noqa: PLC0415 -- slow import
    from vexil.controlplane.db import stores  # noqa: PLC0415 -- slow import

    # A crash may have come between a change and its snapshot: nobody shall be served the one before it.
    publishing.publish_overdue()
    lines = first_run.bootstrap(base_url=address)
    if options.demo:
        lines += greeting.demo_lines(demo.create_demo(), address)
    # The workers are forked from this process, and a connection must not be shared with them.
    connections.close_all()
    stores.current().close()
    return lines


def _migrate(settings: Config, _options: argparse.Namespace) -> None:
    """Create the tables or bring them up to date."""
    _set_up_django()
    from django.core.management import call_command  # noqa: PLC0415 -- slow import

    stores = open_stores(settings.database_url, settings.data_dir)
    stores.migrate()
    stores.close()
    call_command("migrate", interactive=False, verbosity=0)


def _worker(settings: Config, _options: argparse.Namespace) -> None:
    from vexil.server import metrics  # noqa: PLC0415 -- slow import

    _set_up_django()
    from vexil.controlplane.jobs import runner  # noqa: PLC0415 -- slow import

    with tracing.running(settings, TASK_RUNNER), metrics.of_task_runner(settings):
        runner.run()


def _create_admin(settings: Config, options: argparse.Namespace) -> int:
    _migrate(settings, options)
    from vexil.controlplane.actions import first_run  # noqa: PLC0415 -- slow import
    from vexil.controlplane.actions.refusals import Refused  # noqa: PLC0415 -- slow import
    from vexil.controlplane.actions.users import WeakPassword  # noqa: PLC0415 -- slow import

    try:
        lines = first_run.create_administrator(
            options.email,
            options.password,
            first_name=options.first_name,
            last_name=options.last_name,
            base_url=options.url,
        )
    except Refused as refusal:
        return _fail(str(refusal))
    except WeakPassword as refusal:
        return _fail(" ".join(refusal.messages))
    print(*lines, sep="\n")
    return 0


def _doctor(settings: Config, options: argparse.Namespace) -> int:
    if options.url is None:
        return _print_report(examination.of_installation(settings), options)
    try:
        return _print_report(examination.of_address(options.url, options.key, options.token), options)
    except BadAddress as error:
        return _fail(str(error))


def _print_report(findings: list[Finding], options: argparse.Namespace) -> int:
    text, status = examination.report(findings, in_json=options.json)
    print(text)
    return status


def _export(settings: Config, options: argparse.Namespace) -> int:
    def act() -> list[str]:
        from vexil.controlplane.moving import commands  # noqa: PLC0415 -- slow import

        return commands.export(options.organisation, options.path)

    return _move(settings, options, act)


def _export_to_s3(settings: Config, options: argparse.Namespace) -> int:
    def act() -> list[str]:
        from vexil.controlplane.moving import object_stores  # noqa: PLC0415 -- slow import

        return object_stores.export(options.organisation, options.bucket, options.key)

    return _move(settings, options, act)


def _import_from_s3(settings: Config, options: argparse.Namespace) -> int:
    def act() -> list[str]:
        from vexil.controlplane.moving import object_stores  # noqa: PLC0415 -- slow import

        return object_stores.load(options.bucket, options.key, admin_email=options.admin)

    return _move(settings, options, act)


def _import(settings: Config, options: argparse.Namespace) -> int:
    def act() -> list[str]:
        from vexil.controlplane.moving import commands  # noqa: PLC0415 -- slow import

        if options.source == "flagsmith":
            return _from_flagsmith(settings, options)
        return commands.load(Path(options.source), admin_email=options.admin)

    return _move(settings, options, act)


def _abandon_import(settings: Config, options: argparse.Namespace) -> int:
    def act() -> list[str]:
        from vexil.controlplane.moving import commands  # noqa: PLC0415 -- slow import

        if options.number is None:
            return commands.unfinished()
        return commands.abandon(options.number, settings.data_dir / "imports")

    return _move(settings, options, act)


def _move(settings: Config, options: argparse.Namespace, act: Callable[[], list[str]]) -> int:
    """Bring the database up to date, do it, and print what there is to say."""
    _migrate(settings, options)
    from vexil.controlplane.moving.commands import Failed  # noqa: PLC0415 -- slow import

    try:
        print(*act(), sep="\n")
    except Failed as failure:
        return _fail(str(failure))
    except KeyboardInterrupt:
        return _fail("stopped; an import goes on where it was when the same command is given again.")
    return 0


def _operating(command: operating.Command) -> Callable[[Config, argparse.Namespace], int]:
    """A command for operators; what it has to say is printed."""

    def run(_settings: Config, options: argparse.Namespace) -> int:
        _set_up_django()
        try:
            lines = command(options)
        except operating.CannotDo as refusal:
            return _fail(str(refusal))
        print(*lines, sep="\n")
        return 0

    return run


def _from_flagsmith(settings: Config, options: argparse.Namespace) -> list[str]:
    from vexil.controlplane.moving.commands import Failed  # noqa: PLC0415 -- slow import
    from vexil.controlplane.moving.flagsmith import commands  # noqa: PLC0415 -- slow import

    token = options.token or os.environ.get("FLAGSMITH_API_KEY")
    if not options.api_url or not token:
        raise Failed("`vexil import flagsmith` needs --api-url, and --token or FLAGSMITH_API_KEY.")
    wanted = commands.Wanted(
        api_url=options.api_url,
        token=token,
        flags_url=options.flags_url,
        organisation=options.organisation,
        projects=tuple(options.project),
        admin_email=options.admin,
        sample=options.sample,
        is_trial=options.dry_run,
        is_afresh=options.afresh,
    )
    return commands.run(wanted, settings.data_dir / "imports")


def _set_up_django() -> None:
    import django  # noqa: PLC0415 -- slow import

    django.setup()


def _url_host(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104 -- only compared
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _fail(text: str) -> int:
    print(f"vexil: {text}", file=sys.stderr)
    return 1
