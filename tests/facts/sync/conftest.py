"""A town to be synced: on SQLite, and on both databases where a test says `on_both`."""

import pytest
import stores
from syncs import Town


@pytest.fixture
def engine(request):
    """The database."""
    return getattr(request, "param", "sqlite")


@pytest.fixture
def url(engine, tmp_path):
    """The address of a store that is not there yet."""
    return stores.new_url(engine, tmp_path)


@pytest.fixture
def store(engine):
    """An empty store."""
    lasting = stores.lasting(engine)
    yield lasting
    stores.emptied(lasting)


@pytest.fixture
def town(store):
    """A district whose feed has had an event, not read yet."""
    town = Town(store)
    yield town
    town.clever.close()
