"""What Headwater does to memory and neighbours when its readers are slow, and to an origin that is dead.

    python3 care.py PATH/TO/headwater [--tests slow,dead] [--reps 3]

slow: 1,000 readers at 1 KiB/s follow one cold 256 MiB object (origin at 64 MiB/s); a fast reader of the same object beside
them, and one of another cold object without them. dead: 500 misses/s of ever new keys and 200 hits/s, open loop; the origin
lives for 10 s, resets every connection for --dead-secs, and lives again.
"""
import argparse, asyncio, json, random, re, shutil, statistics, struct, sys
from perflib import *

ap = argparse.ArgumentParser()
ap.add_argument("binary")
ap.add_argument("--tests", default="slow,dead")
ap.add_argument("--reps", type=int, default=3)
ap.add_argument("--readers", type=int, default=1000)
ap.add_argument("--dead-secs", type=float, default=60)
ap.add_argument("--misses", type=int, default=500, help="a second")
ap.add_argument("--hits", type=int, default=200, help="a second")
ap.add_argument("--origin", type=int, default=0, help=argparse.SUPPRESS)
a = ap.parse_args()
DATA, ADMIN, ORIGIN = 18210, 18211, 18212
BIG, RATE = 256 * M, 64 * M


# ---------------------------------------------------------------- origin, a process of its own
class Origin:
    """Any key under /big/ is 256 MiB at 64 MiB/s, any other a KiB; /-/MODE sets the mode, /-/tell tells."""

    def __init__(self):
        self.dead, self.connections, self.at = False, 0, []

    async def serve(self, reader, writer):
        peer_is_control = False
        if self.dead:
            self.connections += 1
            self.at.append(time.time())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                if path.startswith("/-/"):
                    peer_is_control = True
                    if path == "/-/die":
                        self.dead, self.at = True, []
                    elif path == "/-/live":
                        self.dead = False
                    body = json.dumps(self.at).encode()
                    writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
                    await writer.drain()
                    return
                if self.dead:
                    if not peer_is_control:
                        sock = writer.get_extra_info("socket")
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                tag = hashlib.md5(path.encode()).hexdigest().encode()
                size = BIG if path.startswith("/big/") else K
                writer.write(b"HTTP/1.1 200 OK\r\netag: \"%s\"\r\ncontent-length: %d\r\n\r\n" % (tag, size))
                if size == K:
                    writer.write(b"x" * K)
                    await writer.drain()
                    continue
                began, sent, chunk = time.time(), 0, b"x" * (256 * K)
                while sent < size:
                    writer.write(chunk)
                    await writer.drain()
                    sent += len(chunk)
                    await asyncio.sleep(max(0, sent / RATE - (time.time() - began)))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def run_origin(port):
    origin = Origin()
    server = await asyncio.start_server(origin.serve, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if a.origin:
    asyncio.run(run_origin(a.origin))
    sys.exit()


def tell(mode):
    return json.loads(urllib.request.urlopen(f"http://127.0.0.1:{ORIGIN}/-/{mode}", timeout=10).read())


def metric(name):
    text = urllib.request.urlopen(f"http://127.0.0.1:{ADMIN}/-/metrics", timeout=10).read().decode()
    return float(re.search(rf"^{name} (\S+)", text, re.M).group(1))


# ---------------------------------------------------------------- clients
async def slow_reader(path, until):
    loop, sock = asyncio.get_running_loop(), socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await loop.sock_connect(sock, ("127.0.0.1", DATA))
    await loop.sock_sendall(sock, f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode())
    got = 0
    await asyncio.sleep(random.random())
    while not until.is_set():
        piece = await loop.sock_recv(sock, K)
        if not piece:
            break
        got += len(piece)
        await asyncio.sleep(1)
    sock.close()
    return got


class Lane:
    """One keep-alive connection."""

    def __init__(self):
        self.reader = self.writer = None

    async def get(self, path):
        reused = self.writer is not None
        if not reused:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", DATA)
        try:
            self.writer.write(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode())
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (ConnectionError, asyncio.IncompleteReadError) as lost:
            self.writer.close()
            self.writer = None
            # The server closes what has been idle for long; every client asks again.
            if reused and not getattr(lost, "partial", b""):
                return await self.get(path)
            raise
        length = re.search(rb"content-length: (\d+)", head, re.I)
        if length:
            await self.reader.readexactly(int(length.group(1)))
        return int(head[9:12])


async def open_loop(rate, secs, path_of, record):
    """Sends at a fixed rate whatever the answers do; latencies count from when a request was due."""
    free, tasks, began, n = [], set(), time.perf_counter(), 0

    async def one(due, path):
        lane = free.pop() if free else Lane()
        try:
            status = await asyncio.wait_for(lane.get(path), 60)
            free.append(lane)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            status = 0
        record.append((due - began, time.perf_counter() - due, status))

    while n < rate * secs:
        due = began + n / rate
        await asyncio.sleep(max(0, due - time.perf_counter()))
        task = asyncio.create_task(one(due, path_of(n)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        n += 1
    await asyncio.gather(*tasks)


# ---------------------------------------------------------------- tests
def start():
    directory = os.path.join(RUN, "care")
    shutil.rmtree(directory, ignore_errors=True)
    env = dict(os.environ, HEADWATER_ACCESS_KEY_ID="benchmark", HEADWATER_ACCESS_KEY_SECRET="benchmark-secret")
    command = [a.binary, "serve", "--data", directory, "--listen", f"127.0.0.1:{DATA}", "--admin-listen", f"127.0.0.1:{ADMIN}",
               "--workers", "2", "--access-log", "off", "--log", "error", "--allow-origin-net", "127.0.0.0/8",
               "--mirror", f"bkt=http://127.0.0.1:{ORIGIN}/"]
    process = subprocess.Popen(command, env=env)
    wait_port(ADMIN)
    wait_port(DATA)
    return process


def fast(path):
    r = loadgen(f"127.0.0.1:{DATA}", paths=write_lines("care-path", [path]), conns=1, n=1, expect_len=BIG, buf=256 * K)
    assert r["non2xx"] + r["errors"] + r["wrong_len"] == 0, r
    return r["wall"]


async def slow(process, rep):
    await asyncio.to_thread(fast, f"/bkt/big/warm-{rep}")
    await asyncio.sleep(1)
    alone = await asyncio.to_thread(fast, f"/bkt/big/alone-{rep}")
    await asyncio.sleep(2)
    idle, until, path = rss(process.pid), asyncio.Event(), f"/bkt/big/shared-{rep}"
    peak = idle
    readers = [asyncio.create_task(slow_reader(path, until)) for _ in range(a.readers)]
    reading = asyncio.create_task(asyncio.to_thread(fast, path))
    fill = None
    began = time.time()
    while time.time() - began < 20:
        peak = max(peak, rss(process.pid), key=sum)
        if fill is None and time.time() - began > 0.5 and metric("headwater_fills_running") == 0:
            fill = time.time() - began
        await asyncio.sleep(0.1)
    together = await reading
    until.set()
    got = await asyncio.gather(*readers)
    print(f"slow {rep}: fast reader alone {alone:.2f} s, beside {a.readers} slow ones {together:.2f} s ({together / alone:.3f}); "
          f"fill {fill or float('nan'):.2f} s (origin's pace {BIG / RATE:.1f} s); RSS idle {sum(idle) / M:.1f} MiB, peak +{(sum(peak) - sum(idle)) / M:.1f} MiB "
          f"(of it mapped files {(peak[1] - idle[1]) / M:.1f}); "
          f"slow readers got {statistics.median(got) / K:.0f} KiB each", flush=True)


def p99(latencies):
    return 1e3 * sorted(latencies)[int(len(latencies) * 0.99)]


async def dead():
    for n in range(100):
        assert await Lane().get(f"/bkt/hit/{n}") == 200
    hits, misses, before = [], [], 10
    total = before + a.dead_secs + 15
    load = asyncio.gather(open_loop(a.hits, total, lambda n: f"/bkt/hit/{n % 100}", hits),
                          open_loop(a.misses, total, lambda n: f"/bkt/miss/{n}", misses))
    began = time.perf_counter()
    await asyncio.sleep(before)
    died, _ = time.perf_counter() - began, await asyncio.to_thread(tell, "die")
    died_at = time.time()
    await asyncio.sleep(a.dead_secs)
    requests = await asyncio.to_thread(tell, "live")
    lived = time.perf_counter() - began
    await load
    asked = sorted(at - died_at for at in requests)
    # Open once no half second saw more than one connection; a probe a second may come a little early or late.
    opened = max([at for at, following in zip(asked, asked[1:]) if following - at < 0.5], default=0)
    later = [at for at in asked if at > opened + 0.001]
    healthy = min((due for due, _, status in misses if due > lived and status == 200), default=float("inf")) - lived
    steady = next((due - lived for i, (due, _, _) in enumerate(misses) if due > lived and
                   all(status == 200 for _, _, status in misses[i:i + 200])), float("inf"))
    quiet = [latency for due, latency, _ in hits if due < died]
    during = [latency for due, latency, _ in hits if died < due < lived]
    refused = sorted(latency for due, latency, status in misses if died + 2 < due < lived and status in (424, 503))
    kinds = {}
    for due, _, status in misses:
        if died + 2 < due < lived:
            kinds[status] = kinds.get(status, 0) + 1
    print(f"dead: {len(asked)} connections in {a.dead_secs:.0f} s, the last burst {opened:.2f} s after the death, then {len(later)} "
          f"({len(later) / max(1, a.dead_secs - opened):.2f}/s); refused misses p99 {1e3 * refused[int(len(refused) * 0.99)]:.1f} ms {kinds}; "
          f"hits p99 {p99(quiet):.2f} ms before, {p99(during):.2f} ms while dead ({p99(during) / p99(quiet):.2f}), "
          f"bad hits {sum(status != 200 for _, _, status in hits)}; healthy: first miss served {healthy:.2f} s, all from {steady:.2f} s", flush=True)


process, origin = start(), spawn([sys.executable, os.path.abspath(__file__), a.binary, "--origin", str(ORIGIN)], os.path.join(RUN, "care-origin.log"))
try:
    wait_port(ORIGIN)
    if "slow" in a.tests:
        for rep in range(a.reps):
            asyncio.run(slow(process, rep))
    if "dead" in a.tests:
        asyncio.run(dead())
finally:
    process.terminate()
    process.wait()
    origin.terminate()
