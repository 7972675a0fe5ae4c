"""Other systems that send calls, in a process of their own: `python -m bench.callers PORT SECRET`.

Each line on stdin asks for so many calls on so many connections, `{"calls": 400, "connections": 16}`; the answer
has the seconds for all of them, and the time of each, sorted. A call without a receipt ends the program.
"""

from __future__ import annotations

import http.client
import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
CALL = {
    "service_code": "streets.lamps.dark",
    "address_string": "柳园路 12 号门前",
    "lat": "38.55",
    "long": "119.8",
    "description": "柳园路 12 号门前的路灯坏了三天，晚上看不清路，老人和孩子经过时很不方便，请尽快派人来修。",
    "last_name": "王",
    "first_name": "芳",
    "phone": "10012345678",
}
CALLS, IMPORTED = 200, 2000
"""So many in each round: calls through the door, rows of a table."""
PATH = "/open311/v2/requests.json"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Sent:
    """Seconds for all calls together, and for each one, the shortest first."""

    seconds: float
    each: list[float]

    def under(self, share: float) -> float:
        """The seconds under which this share of the calls was answered."""
        return self.each[min(int(len(self.each) * share), len(self.each) - 1)]


class Callers:
    """The other end of the pipe."""

    def __init__(self, port: int, secret: str) -> None:
        words = [sys.executable, "-m", "bench.callers", str(port), secret]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)

    def send(self, calls: int, connections: int) -> Sent:
        """Send so many calls. SystemExit where one wasn't received."""
        assert self.process.stdin is not None and self.process.stdout is not None
        print(json.dumps({"calls": calls, "connections": connections}), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the callers got no receipt")
        return Sent(**json.loads(line))


@contextmanager
def callers(port: int, secret: str) -> Iterator[Callers]:
    """Callers that wait for orders, ended afterwards."""
    running = Callers(port, secret)
    try:
        yield running
    finally:
        assert running.process.stdin is not None
        running.process.stdin.close()
        running.process.wait()


def send(port: int, secret: str, calls: int, connections: int) -> Sent:
    """Send so many calls, each line one after the other."""
    body = urlencode({"api_key": secret, **CALL})
    counted, lock, each = iter(range(calls)), threading.Lock(), list[float]()

    def line() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            with lock:
                if next(counted, None) is None:
                    break
            headers = {"Content-Type": FORM, "Idempotency-Key": secrets.token_hex(16)}
            began = time.perf_counter()
            connection.request("POST", PATH, body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                break
            each.append(time.perf_counter() - began)
        connection.close()

    threads = [threading.Thread(target=line) for _ in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - began
    if len(each) != calls:
        raise SystemExit(f"{len(each)} of {calls} calls were received")
    return Sent(spent, sorted(each))


def main(port: int, secret: str) -> None:
    """Answer questions until there are no more."""
    for line in sys.stdin:
        print(json.dumps(vars(send(port, secret, **json.loads(line)))), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
