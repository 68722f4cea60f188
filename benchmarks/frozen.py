"""A crawl that is frozen inside a transaction: does a second one go on, and what becomes of the first?"""

import signal
import time

import sqlalchemy as sa

from benchmarks.outages import Bench, Command, Ended
from benchmarks.started import Started
from tests.warm import Process

# In seconds. Others may read on after LEASE, and shall be at it within MOST.
LEASE, MOST = 5, 15
# Who has something open in this database, what it holds there, and what it did last.
_OPEN = sa.text(
    "SELECT string_agg(DISTINCT relation::regclass::text, ' ') AS tables, max(a.query) AS query"
    " FROM pg_stat_activity a LEFT JOIN pg_locks l ON l.pid = a.pid AND mode = 'RowExclusiveLock'"
    " WHERE datname = current_database() AND a.pid <> pg_backend_pid() AND state = 'idle in transaction'"
    " AND backend_xid IS NOT NULL HAVING count(*) > 0"
)


def frozen(bench: Bench, name: str, share: float, seconds: float) -> Ended:
    """Freeze a command inside a transaction, for so long, when it has sent that share of its requests."""
    moment = int(bench.undisturbed(name).requests * share)

    def live(command: Command) -> list[Started]:
        sleeper = command.start()
        command.wait(sleeper, lambda: command.requests() >= moment)
        where = freeze(command.engine, sleeper)
        if where is None:
            command.wrong.append("it had ended before it could be frozen")
            return [sleeper]
        froze, before = time.monotonic(), command.requests()
        second = command.start()
        command.wait(second, lambda: command.requests() > before)
        waited = time.monotonic() - froze
        second.wait(400)
        took = time.monotonic() - froze
        print(f"    {where}: the second asks after {waited:.1f} s, ends after {took:.1f} s", flush=True)
        if waited > MOST and command.requests() > before:
            command.wrong.append(f"the second one asked after {waited:.1f} s")
        time.sleep(max(0.0, seconds - took))
        sleeper.send_signal(signal.SIGCONT)
        return [second, sleeper]

    return bench.run(name, live, LEASE_SECONDS=str(LEASE))


def freeze(engine: sa.Engine, process: Started | Process) -> str | None:
    """Stop a process while it has written something that is not committed; say what, or None if it ended."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while process.poll() is None:
            if connection.execute(_OPEN).first() is None:
                continue
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.1)  # what it has just sent takes its way
            if row := connection.execute(_OPEN).first():
                return f"frozen with {row.tables}, after {' '.join(row.query.split())[:60]}"
            process.send_signal(signal.SIGCONT)
    return None
