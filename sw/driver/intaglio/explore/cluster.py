"""Points on a Dask cluster: the same records as in this process, whoever evaluates them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from intaglio.explore.evaluate import Job, evaluate
from intaglio.explore.workers import AHEAD, Evaluator, Pair, Point
from intaglio.spec.errors import EnvironmentFault, Finding, UsageError

PATIENCE = "10s"


@contextmanager
def cluster(job: Job, address: str) -> Iterator[Evaluator]:
    """Yield an evaluator on the scheduler at `address`, or on ``local:N`` workers of its own.

    A worker that dies in the middle loses nothing: its points are given to another.

    Raises
    ------
    EnvironmentFault
        E501: Dask is not installed. E503: the scheduler cannot be reached.
    UsageError
        E101: the address is none.
    """
    count = _local_count(address)
    try:
        import dask
        import distributed
    except ModuleNotFoundError as error:
        raise EnvironmentFault(
            Finding(
                "E501",
                "Dask is not installed",
                where="--cluster",
                have=str(error),
                need="dask and distributed",
                help="pip install 'intaglio[cluster]', or leave --cluster out",
            )
        ) from error
    with dask.config.set({"distributed.scheduler.allowed-failures": 10}):
        own = None
        if count is not None:
            library: Any = distributed
            own = library.LocalCluster(
                n_workers=count, threads_per_worker=1, dashboard_address=None, processes=True
            )
        try:
            client = _connect(distributed.Client, own or address, address)
        except BaseException:
            if own is not None:
                own.close()
            raise
        try:
            shared = client.scatter(job, broadcast=True)
            yield lambda points: _spread(client, shared, points)
        finally:
            client.close()
            if own is not None:
                own.close()


def _connect(kind: Any, where: Any, address: str) -> Any:
    try:
        return kind(where, timeout=PATIENCE)
    except (OSError, TimeoutError) as error:
        raise EnvironmentFault(
            Finding(
                "E503",
                f"no scheduler answers at {address}",
                where="--cluster",
                have=str(error),
                need="a running Dask scheduler",
                help="start one with: dask scheduler; finished results are kept, and the same "
                "command without --cluster goes on locally",
            )
        ) from error


def _spread(client: Any, job: Any, points: Iterable[Point]) -> Iterator[Pair]:
    import distributed

    library: Any = distributed
    source = iter(points)
    ahead = max(len(client.scheduler_info()["workers"]), 1) * AHEAD
    under_way: dict[str, Point] = {}

    def submit(point: Point) -> Any:
        future = client.submit(evaluate, job, dict(point), pure=False)
        under_way[future.key] = point
        return future

    running = library.as_completed([submit(point) for point in islice(source, ahead)])
    for future in running:
        record = future.result()
        point = under_way.pop(future.key)
        future.release()
        for following in islice(source, 1):
            running.add(submit(following))
        yield point, record


def _local_count(address: str) -> int | None:
    if not address.startswith("local:"):
        if re.fullmatch(r"\w+://\S+:\d+", address):
            return None
    elif address[6:].isdecimal() and int(address[6:]) > 0:
        return int(address[6:])
    raise UsageError(
        Finding(
            "E101",
            f"--cluster is {address!r}",
            where="--cluster",
            have=address,
            need="tcp://HOST:PORT or local:N",
            help="name a scheduler, or a number of workers of this machine",
        )
    )
