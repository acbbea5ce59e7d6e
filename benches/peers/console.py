"""What pages of the console take on a bucket of many objects, and what they weigh.

    python3 console.py PATH/TO/headwater [--keys 1000000] [--visits 500]

Pages are asked for one after the other over one connection of a session; the time is from the request to the last byte of the
answer. Files are visited at random places of the bucket.
"""
import argparse, http.client, random, statistics, urllib.parse
from perflib import *

ap = argparse.ArgumentParser()
ap.add_argument("binary")
ap.add_argument("--keys", type=int, default=1_000_000)
ap.add_argument("--visits", type=int, default=500)
a = ap.parse_args()
DATA, ADMIN = 18220, 18221
ADDR, ID, SECRET = f"127.0.0.1:{DATA}", "benchmark", "benchmark-secret"


def ask(port, method, path, body=b"", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status < 400, (method, path, answer.status, text[:400])
    return answer, text.decode()


def fill():
    """Objects of one byte k/00000000 … in folders of a thousand, in slices, because a list of paths is held in memory."""
    ask(DATA, "PUT", presign("PUT", ADDR, "/many", ID, SECRET))
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::many", "arn:aws:s3:::many/*"]}]}
    ask(DATA, "PUT", presign("PUT", ADDR, "/many", ID, SECRET, query=[("policy", "")]), json.dumps(policy).encode())
    for low in range(0, a.keys, 200_000):
        high = min(a.keys, low + 200_000)
        paths = write_lines("console-fill", [f"/many/{n // 1000:05d}/{n:08d}" for n in range(low, high)])
        r = loadgen(ADDR, paths=paths, conns=64, n=high - low, method="PUT", body_size=1)
        assert r["non2xx"] + r["errors"] == 0, r


def key():
    n = random.randrange(a.keys)
    return f"{n // 1000:05d}/{n:08d}"


def visit(cookie):
    connection = http.client.HTTPConnection("127.0.0.1", ADMIN, timeout=60)
    quoted = lambda text: urllib.parse.quote(text, safe="")
    pages = {
        "/overview": lambda: "/overview",
        "/buckets": lambda: "/buckets",
        "/buckets/many": lambda: "/buckets/many",
        "files, folders from anywhere": lambda: f"/buckets/many/files?after={key()[:6]}",
        "files of a folder": lambda: f"/buckets/many/files?prefix={quoted(key()[:6])}",
        "files, the last page": lambda: f"/buckets/many/files?after={a.keys // 1000 - 50:05d}",
        "one file": lambda: f"/buckets/many/files/object?key={quoted(key())}",
        "back-to-origin": lambda: "/buckets/many/back-to-origin",
        "explain one file": lambda: f"/buckets/many/explain?key={quoted(key())}",
        "access keys": lambda: "/access-keys",
        "origins": lambda: "/origins",
        "audit log": lambda: "/audit-log",
        "settings": lambda: "/settings",
    }
    for name, path in pages.items():
        took, size = [], 0
        for _ in range(a.visits):
            began = time.perf_counter()
            connection.request("GET", path(), headers={"Cookie": cookie})
            answer = connection.getresponse()
            text = answer.read()
            took.append(1e3 * (time.perf_counter() - began))
            assert answer.status == 200, (name, answer.status)
            size = max(size, len(text))
        took.sort()
        print(f"{name}: p50 {statistics.median(took):.2f} ms, p99 {took[int(0.99 * len(took))]:.2f} ms, at most {size / K:.1f} KiB", flush=True)


with headwater(a.binary, "console", DATA, ID, SECRET):
    fill()
    entered, _ = ask(ADMIN, "POST", "/log-on", urllib.parse.urlencode({"access_key_id": ID, "secret": SECRET}).encode())
    visit(entered.getheader("Set-Cookie").split(";")[0])
