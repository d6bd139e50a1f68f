"""What `/version/` tells of an installation."""

from vexil.controlplane.db.models import User


def people() -> tuple[bool, bool]:
    """Whether there are users, and whether one has ever logged in. Two statements."""
    return User.objects.exists(), User.objects.filter(last_login__isnull=False).exists()
