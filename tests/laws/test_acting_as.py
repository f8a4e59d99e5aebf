"""Acting as fewer roles never adds a permission."""

from laws.worlds import World, acting_as, law, user_of, with_acting
from oracle.language import CLEVER_ROLES
from strategies import roles_of, some


@law(put_to_the_test=200)
def test_acting_as_fewer_roles_never_adds(seed: int) -> int:
    """Of the roles acted as some are left out, and none but those given before remains; none may be any of all."""
    world = World(seed)
    logins = [*CLEVER_ROLES, *world.policy.get("roles", {})]
    given = 0
    for request in world.requests():
        mine = [role for role in roles_of(world.snapshot, request["subject"]["id"]) if role in logins]
        more = [*mine, *some(world.rng, logins, 0, 2)]
        everything = world.engine.may(with_acting(request, None))
        wide = world.engine.may(with_acting(request, more))
        narrow = world.engine.may(with_acting(request, some(world.rng, more, 0)))
        assert narrow <= wide <= everything, request
        given += bool(wide)
    return given


@law(put_to_the_test=150)
def test_acting_as_every_role_is_acting_as_oneself(seed: int) -> int:
    """Whoever acts as all the login roles there are has what they have without acting."""
    world = World(seed)
    logins = [*CLEVER_ROLES, *world.policy.get("roles", {})]
    given = 0
    for request in world.requests():
        everything = world.engine.may(with_acting(request, None))
        assert world.engine.may(with_acting(request, logins)) == everything, request
        given += bool(everything)
    return given


@law(put_to_the_test=150)
def test_acting_only_as_what_one_is_not_is_having_nothing(seed: int) -> int:
    """An empty list of roles, and roles that the person does not have, give nothing."""
    world = World(seed)
    logins = [*CLEVER_ROLES, *world.policy.get("roles", {})]
    given = 0
    for request in world.requests():
        user = user_of(world.snapshot, request["subject"]["id"]) or {"roles": {}}
        mine = {*user["roles"], *roles_of(world.snapshot, request["subject"]["id"])}
        others = [role for role in logins if role not in mine]
        assert not world.engine.may(with_acting(request, [])), request
        assert not world.engine.may(with_acting(request, others)), request
        given += bool(world.engine.may(with_acting(request, None))) and acting_as(request) is None
    return given
