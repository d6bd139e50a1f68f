"""Organisations and who belongs to them."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from vexil.controlplane.actions import events, locks
from vexil.controlplane.actions.publishing import publish_all
from vexil.controlplane.db.models import (
    Environment,
    EnvironmentGrant,
    GroupMembership,
    MasterAPIKey,
    Membership,
    Organisation,
    OrganisationGrant,
    Project,
    ProjectGrant,
    Role,
    Subscription,
    User,
)
from vexil.controlplane.permissions import Actor

_SEEN_BY_SDKS = {"name", "persist_trait_data", "stop_serving_flags"}


@transaction.atomic
def create(*, by: Actor, **fields: Any) -> Organisation:
    """A new organisation on the free plan; the user who makes it is its admin."""
    organisation = Organisation.objects.create(
        **{"persist_trait_data": settings.VEXIL.default_org_store_traits, **fields}
    )
    Subscription.objects.create(organisation=organisation)
    if by.user:
        Membership.objects.create(organisation=organisation, user=by.user, role=Role.ADMIN)
    events.record(by, "organisation.created", organisation.pk, scope=organisation, after={"name": organisation.name})
    return organisation


@transaction.atomic
def update(organisation: Organisation, *, by: Actor, **changes: Any) -> Organisation:
    """Change settings; `stop_serving_flags` and the like reach the data plane."""
    before = {name: getattr(organisation, name) for name in changes}
    for name, value in changes.items():
        setattr(organisation, name, value)
    organisation.save(update_fields=list(changes))
    events.record(by, "organisation.updated", organisation.pk, scope=organisation, before=before, after=changes)
    if _SEEN_BY_SDKS & changes.keys():
        publish_all(Environment.live.filter(project__organisation=organisation, project__deleted_at=None))
    return organisation


@transaction.atomic
def delete(organisation: Organisation, *, by: Actor) -> None:
    """Delete it with its projects, environments and keys."""
    now = timezone.now()
    environments = list(Environment.live.filter(project__organisation=organisation).order_by("pk"))
    Environment.live.filter(project__organisation=organisation).update(deleted_at=now)
    Project.live.filter(organisation=organisation).update(deleted_at=now)
    MasterAPIKey.objects.filter(organisation=organisation, deleted_at__isnull=True).update(deleted_at=now)
    Organisation.objects.filter(pk=organisation.pk).update(deleted_at=now)
    events.record(by, "organisation.deleted", organisation.pk, scope=organisation, before={"name": organisation.name})
    publish_all(environments)


@transaction.atomic
def set_role(membership: Membership, role: Role, *, by: Actor) -> None:
    before = membership.role
    membership.role = role
    membership.save(update_fields=["role"])
    events.record(
        by,
        "membership.updated",
        membership.user_id,
        scope=membership.organisation,
        before={"role": before},
        after={"role": role},
    )


@transaction.atomic
def remove_member(organisation: Organisation, user: User, *, by: Actor) -> None:
    """Take membership away, and with it every grant and group in the organisation."""
    locks.lock_organisation(organisation.pk)
    membership = Membership.objects.filter(organisation=organisation, user=user)
    before = {"role": membership.values_list("role", flat=True).first()}
    membership.delete()
    GroupMembership.objects.filter(group__organisation=organisation, user=user).delete()
    OrganisationGrant.objects.filter(organisation=organisation, user=user).delete()
    ProjectGrant.objects.filter(project__organisation=organisation, user=user).delete()
    EnvironmentGrant.objects.filter(environment__project__organisation=organisation, user=user).delete()
    events.record(by, "membership.deleted", user.pk, scope=organisation, before=before)
