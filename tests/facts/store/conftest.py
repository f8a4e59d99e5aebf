"""Every test of the store runs on both databases."""

import pytest
import stores


@pytest.fixture(params=stores.ENGINES)
def url(request, tmp_path):
    """The address of a store that is not there yet."""
    return stores.new_url(request.param, tmp_path)


@pytest.fixture(params=stores.ENGINES)
def store(request):
    """An empty store."""
    lasting = stores.lasting(request.param)
    yield lasting
    stores.emptied(lasting)
