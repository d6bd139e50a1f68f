from tests.factories import (
    grant_environment,
    grant_project,
    make_environment,
    make_master_api_key,
    make_organisation,
    make_project,
    make_user,
)
from vexil.controlplane import permissions
from vexil.controlplane.db.models import EnvironmentGrant, Group, Membership, OrganisationGrant, ProjectGrant
from vexil.controlplane.permissions import Actor, Rights


def test_an_organisation_admin_may_do_everything_below_it() -> None:
    user = make_user()
    environment = make_environment(make_project(make_organisation(admin=user)))

    assert permissions.is_project_admin(Actor(user=user), environment.project)
    assert permissions.has_environment_permission(Actor(user=user), environment, permissions.VIEW_IDENTITIES)
    assert list(permissions.viewable_projects(Actor(user=user))) == [environment.project]
    assert list(permissions.viewable_environments(Actor(user=user))) == [environment]


def test_a_member_without_grants_may_see_nothing_below_the_organisation() -> None:
    user = make_user()
    environment = make_environment(make_project(make_organisation(member=user)))
    actor = Actor(user=user)

    assert permissions.is_member(actor, environment.project.organisation)
    assert permissions.project_rights(actor, environment.project) == Rights()
    assert permissions.environment_rights(actor, environment) == Rights()
    assert list(permissions.viewable_projects(actor)) == []
    assert list(permissions.viewable_environments(actor)) == []


def test_grants_give_exactly_what_they_name() -> None:
    user = make_user()
    environment = make_environment(make_project(make_organisation(member=user)))
    make_environment(environment.project)
    grant_project(user, environment.project, permissions.VIEW_PROJECT)
    grant_environment(user, environment, permissions.VIEW_ENVIRONMENT)
    actor = Actor(user=user)

    assert permissions.project_rights(actor, environment.project) == Rights(keys=frozenset({"VIEW_PROJECT"}))
    assert permissions.environment_rights(actor, environment) == Rights(keys=frozenset({"VIEW_ENVIRONMENT"}))
    assert list(permissions.viewable_projects(actor)) == [environment.project]
    assert list(permissions.viewable_environments(actor)) == [environment]


def test_a_project_admin_is_admin_of_its_environments() -> None:
    user = make_user()
    environment = make_environment(make_project(make_organisation(member=user)))
    grant_project(user, environment.project, is_admin=True)

    assert permissions.is_environment_admin(Actor(user=user), environment)
    assert list(permissions.viewable_environments(Actor(user=user))) == [environment]


def test_grants_are_worth_nothing_without_membership() -> None:
    user = make_user()
    environment = make_environment(make_project(make_organisation(member=user)))
    grant_project(user, environment.project, is_admin=True)
    grant_environment(user, environment, is_admin=True)
    Membership.objects.all().delete()
    actor = Actor(user=user)

    assert not permissions.is_project_admin(actor, environment.project)
    assert not permissions.is_environment_admin(actor, environment)
    assert list(permissions.viewable_projects(actor)) == []
    assert list(permissions.viewable_environments(actor)) == []


def test_being_superuser_gives_no_rights_in_a_foreign_organisation() -> None:
    environment = make_environment()
    actor = Actor(user=make_user(is_superuser=True))

    assert not permissions.is_member(actor, environment.project.organisation)
    assert not permissions.is_environment_admin(actor, environment)


def test_a_key_acts_as_admin_of_its_own_organisation_alone() -> None:
    environment = make_environment()
    foreign = make_environment()
    key, _ = make_master_api_key(environment.project.organisation)
    actor = Actor(master_api_key=key)

    assert permissions.is_environment_admin(actor, environment)
    assert not permissions.is_environment_admin(actor, foreign)
    assert list(permissions.viewable_environments(actor)) == [environment]


def test_a_key_that_is_no_admin_may_do_nothing() -> None:
    environment = make_environment()
    key, _ = make_master_api_key(environment.project.organisation, is_admin=False)
    actor = Actor(master_api_key=key)

    assert permissions.project_rights(actor, environment.project) == Rights()
    assert list(permissions.viewable_projects(actor)) == []


def test_nobody_may_do_nothing() -> None:
    environment = make_environment()

    assert not permissions.is_member(Actor(), environment.project.organisation)
    assert not permissions.is_environment_admin(Actor(), environment)
    assert list(permissions.viewable_projects(Actor())) == []


def test_grants_of_a_user_and_of_their_groups_add_up() -> None:
    user = make_user()
    environment = make_environment(make_project(make_organisation(member=user)))
    group = Group.objects.create(organisation=environment.project.organisation, name="Ops")
    group.users.add(user)
    grant_project(user, environment.project, permissions.VIEW_PROJECT)
    ProjectGrant.objects.create(group=group, project=environment.project, permissions=[permissions.CREATE_FEATURE])
    EnvironmentGrant.objects.create(group=group, environment=environment, is_admin=True)
    actor = Actor(user=user)

    rights = permissions.project_rights(actor, environment.project)
    assert rights == Rights(keys=frozenset({"VIEW_PROJECT", "CREATE_FEATURE"}))
    assert permissions.is_environment_admin(actor, environment)
    assert list(permissions.viewable_projects(actor)) == [environment.project]
    assert list(permissions.viewable_environments(actor)) == [environment]


def test_a_group_gives_nothing_to_those_outside_it() -> None:
    user = make_user()
    environment = make_environment(make_project(make_organisation(member=user)))
    group = Group.objects.create(organisation=environment.project.organisation, name="Ops")
    group.users.add(make_user())
    ProjectGrant.objects.create(group=group, project=environment.project, is_admin=True)
    actor = Actor(user=user)

    assert permissions.project_rights(actor, environment.project) == Rights()
    assert list(permissions.viewable_environments(actor)) == []


def test_a_right_at_the_organisation_reaches_no_project() -> None:
    user = make_user()
    environment = make_environment(make_project(make_organisation(member=user)))
    organisation = environment.project.organisation
    OrganisationGrant.objects.create(user=user, organisation=organisation, permissions=[permissions.CREATE_PROJECT])
    actor = Actor(user=user)

    assert permissions.organisation_rights(actor, organisation) == Rights(keys=frozenset({"CREATE_PROJECT"}))
    assert permissions.project_rights(actor, environment.project) == Rights()


def test_a_standing_tells_the_same_as_the_single_questions() -> None:
    member, admin, stranger = make_user(), make_user(), make_user()
    organisation = make_organisation(admin=admin, member=member)
    first, second = make_project(organisation), make_project(organisation)
    production, staging = make_environment(first), make_environment(second)
    ProjectGrant.objects.create(user=member, project=first, permissions=[permissions.VIEW_PROJECT])
    ProjectGrant.objects.create(user=member, project=second, is_admin=True)
    EnvironmentGrant.objects.create(user=member, environment=production, permissions=[permissions.VIEW_ENVIRONMENT])

    for actor in (Actor(user=user) for user in (member, admin, stranger)):
        standing = permissions.standing(actor, organisation.pk)
        assert standing.organisation == permissions.organisation_rights(actor, organisation)
        for project in (first, second):
            assert standing.at_project(project.pk) == permissions.project_rights(actor, project)
        for environment in (production, staging):
            assert standing.at_environment(environment) == permissions.environment_rights(actor, environment)
