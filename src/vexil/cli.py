"""The `vexil` command."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from vexil import __version__, config, logs
from vexil.config import Config, ConfigError
from vexil.stores.opening import open_stores
from vexil.stores.unavailable import Unavailable

_DEFAULT_PORT = 8000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it went well, 1 when it failed, 2 when it was asked wrongly."""
    options = _parser().parse_args(arguments)
    if options.data_dir:
        os.environ["VEXIL_DATA_DIR"] = str(options.data_dir)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vexil.controlplane.site.settings")
    try:
        settings = config.load()
        logs.configure(settings.log_level, settings.log_format)
        return int(options.command(settings, options) or 0)
    except ConfigError as error:
        print(f"vexil: {error}", file=sys.stderr)
        return 2
    except Unavailable as error:
        print(f"vexil: the database cannot be reached: {error}", file=sys.stderr)
        return 1


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
    serve.set_defaults(command=_serve)

    migrate = commands.add_parser("migrate", parents=[shared], help="bring the database up to date")
    migrate.set_defaults(command=_migrate)

    worker = commands.add_parser("worker", parents=[shared], help="run the task runner only")
    worker.set_defaults(command=_worker)

    admin = commands.add_parser("createadmin", parents=[shared], help="create an administrator of the installation")
    admin.add_argument("--email", required=True)
    admin.add_argument("--password", help="without it, a link for choosing one is printed")
    admin.add_argument("--first-name", default="Admin")
    admin.add_argument("--last-name", default="User")
    admin.set_defaults(command=_create_admin)
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; it takes a number from 1 to 65535")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"{text!r} does not do; it takes a number from 1 to 256")
    return int(text)


def _serve(settings: Config, options: argparse.Namespace) -> int:
    from vexil.server import processes  # noqa: PLC0415 -- slow import

    try:
        processes.check_address(options.host, options.port)
    except processes.AddressInUse as error:
        print(f"vexil: {error}", file=sys.stderr)
        return 1
    address = f"http://{_url_host(options.host)}:{options.port}"
    if options.role != "flags":
        _prepare_control_plane(settings)
        _print_first_run(settings, address, demo=options.demo)
        _close_connections(settings)
    print(f"Vexil {__version__} serves {address}/  (Ctrl-C stops it)", flush=True)
    processes.serve(
        settings, host=options.host, port=options.port, workers=options.workers or settings.workers, role=options.role
    )
    return 0


def _migrate(settings: Config, _options: argparse.Namespace) -> None:
    _prepare_control_plane(settings)


def _worker(settings: Config, _options: argparse.Namespace) -> None:
    _set_up_django()
    import_module("vexil.controlplane.jobs.runner").run()


def _create_admin(settings: Config, options: argparse.Namespace) -> int:
    _prepare_control_plane(settings)
    first_run = import_module("vexil.controlplane.actions.first_run")
    print(first_run.create_administrator_text(options))
    return 0


def _url_host(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104 -- only compared
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _set_up_django() -> None:
    import django  # noqa: PLC0415 -- slow import

    django.setup()


def _prepare_control_plane(settings: Config) -> None:
    """Create or update all tables."""
    _set_up_django()
    stores = open_stores(settings.database_url, settings.data_dir)
    stores.migrate()
    stores.close()
    import_module("django.core.management").call_command("migrate", interactive=False, verbosity=0)
