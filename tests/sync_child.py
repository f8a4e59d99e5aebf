"""A sync to be run in a process of its own, and killed there (see `nursery`)."""

from rolecall.facts.clever import Clever, StaticTokens
from rolecall.facts.store import AnotherSync, Store
from rolecall.facts.sync import job, sync_district


def main(store, url, token, district, *more):
    """Sync once, and say how it went."""
    job._EVENTS = 10  # so that there are many moments between two pages
    clever = Clever(StaticTokens({district: token}), base_url=url, page=10, per_minute=10**6)
    opened = Store.open(store)
    try:
        print(sync_district(clever, opened, district, full="--full" in more).how, flush=True)
    except AnotherSync:
        print("busy", flush=True)
    opened.close()
    clever.close()
