"""`authorize_many` is `authorize`, one resource after the other, at one instant."""

from laws.engine import Json
from laws.worlds import World, acting_as, law
from rolecall import Decision, Resource
from rolecall.record import record


def told(decision: Decision) -> Json:
    """Return the whole record of a decision but for its id."""
    return {key: value for key, value in record(decision).items() if key != "id"}


def resource_of(request: Json) -> Resource:
    """Return the resource of a request."""
    asked = request["resource"]
    return Resource(asked["type"], asked["id"], asked.get("properties", {}))


@law(put_to_the_test=150)
def test_many_equals_one_by_one(seed: int) -> int:
    """Each decision is what it is alone, to the last reason; `any` and `all` read them as one."""
    world = World(seed)
    requests = world.requests(16)
    pdp, tried = world.engine.pdp, 0
    for first in requests[:4]:
        user, permission, roles = first["subject"]["id"], first["action"]["name"], acting_as(first)
        knowing = [
            resource_of(one)
            for one in requests
            if permission in world.policy["resources"][one["resource"]["type"]]["permissions"]
        ]
        for asked, among in ((permission, knowing), (None, [resource_of(one) for one in requests])):
            many = pdp.authorize_many(user, among, asked, acting_as=roles)
            alone = [pdp.authorize(user, one, asked, acting_as=roles) for one in among]
            assert [told(one) for one in many] == [told(one) for one in alone]
            assert len({one.id for one in [*many, *alone]}) == 2 * len(among)
            tried += sum(bool(one.permissions) for one in many)
        many = pdp.authorize_many(user, knowing, permission, acting_as=roles)
        assert many.any_allowed == any(one.allowed for one in many)
        assert many.all_allowed == all(one.allowed for one in many)
    return tried
