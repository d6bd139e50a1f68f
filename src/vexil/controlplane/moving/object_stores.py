"""Organisations to and from S3 and what speaks like it, by way of a file beside, which is checked as a whole first.

boto3 finds credentials, region and address as everywhere: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION,
AWS_ENDPOINT_URL_S3, profiles, roles of the machine.
"""

import tempfile
from pathlib import Path
from typing import Any

from vexil.controlplane.moving import commands
from vexil.controlplane.moving.commands import Failed


def export(organisation_id: int, bucket: str, key: str) -> list[str]:
    """Write an organisation to an object; what to tell the operator."""
    client = _client()
    with tempfile.TemporaryDirectory() as folder:
        path = _beside(folder, key)
        lines = commands.export(organisation_id, path)
        _attempt(lambda: client.upload_file(str(path), bucket, key), f"s3://{bucket}/{key} cannot be written")
    return [lines[0].replace(str(path), f"s3://{bucket}/{key}"), *lines[1:]]


def load(bucket: str, key: str, *, admin_email: str | None = None) -> list[str]:
    """Import an object, or go on with an import of it that was stopped; what to tell the operator."""
    client = _client()
    with tempfile.TemporaryDirectory() as folder:
        path = _beside(folder, key)
        _attempt(lambda: client.download_file(bucket, key, str(path)), f"s3://{bucket}/{key} cannot be read")
        return commands.load(path, admin_email=admin_email)


def _client() -> Any:
    try:
        import boto3  # noqa: PLC0415 -- optional dependency
        from botocore.config import Config  # noqa: PLC0415 -- optional dependency
    except ImportError:
        raise Failed("S3 needs boto3: pip install 'vexil[s3]'.") from None
    # Other services than Amazon's do not all know the newer checksums.
    when = "when_required"
    chosen = Config(request_checksum_calculation=when, response_checksum_validation=when)
    return _attempt(lambda: boto3.client("s3", config=chosen), "S3 cannot be asked")


def _attempt(act: Any, what: str) -> Any:
    from boto3.exceptions import Boto3Error  # noqa: PLC0415 -- optional dependency
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 -- optional dependency

    try:
        return act()
    except (Boto3Error, BotoCoreError, ClientError) as error:
        raise Failed(f"{what}: {error}") from None


def _beside(folder: str, key: str) -> Path:
    """Where the object is kept meanwhile; its name says whether it is compressed."""
    return Path(folder) / ("organisation.jsonl.gz" if key.endswith(".gz") else "organisation.jsonl")
