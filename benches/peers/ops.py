"""What single operations take that touch many rows: listings, deletions of a thousand keys, completions of 10,000 parts.

    python3 ops.py PATH/TO/headwater [--keys 10000,1000000] [--tests list,delete,complete] [--reps 5]

list: pages of 1,000 keys, each from a random key on, by 2 connections, at each number of keys. delete: one DeleteObjects of 1,000
keys at a time, durable when answered. complete: 10,000 parts of 100 KiB (the smallest of OSS), one CompleteMultipartUpload.
"""
import argparse, base64, http.client, json, random, re, statistics
from perflib import *

ap = argparse.ArgumentParser()
ap.add_argument("binary")
ap.add_argument("--keys", default="10000,1000000")
ap.add_argument("--tests", default="list,delete,complete")
ap.add_argument("--pages", type=int, default=4000)
ap.add_argument("--parts", type=int, default=10000)
ap.add_argument("--reps", type=int, default=5)
a = ap.parse_args()
DATA = 18220
ADDR, ID, SECRET = f"127.0.0.1:{DATA}", "benchmark", "benchmark-secret"


def ask(method, path, body=b"", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", DATA, timeout=600)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status < 300, (method, path, answer.status, text[:400])
    return text.decode()


# Shows the dialect of a request that is not signed: 100 KiB are a part at OSS only.
AS_OSS = {"x-oss-request-payer": "requester"}


def bucket(name):
    """A bucket that lets everybody do everything: what is measured is the operation, not the signature."""
    ask("PUT", presign("PUT", ADDR, f"/{name}", ID, SECRET))
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*",
              "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]}]}
    ask("PUT", presign("PUT", ADDR, f"/{name}", ID, SECRET, query=[("policy", "")]), json.dumps(policy).encode())


def fill(name, first, last):
    """Objects of one byte k/FIRST … k/LAST-1, in slices, because a list of paths is held in memory."""
    for low in range(first, last, 200_000):
        high = min(last, low + 200_000)
        paths = write_lines("ops-fill", [f"/{name}/k/{n:08d}" for n in range(low, high)])
        r = loadgen(ADDR, paths=paths, conns=64, n=high - low, method="PUT", body_size=1)
        assert r["non2xx"] + r["errors"] == 0, r


def list_pages():
    bucket("listed")
    had = 0
    for keys in sorted(int(text) for text in a.keys.split(",")):
        fill("listed", had, keys)
        had = keys
        paths = [f"/listed?list-type=2&max-keys=1000&start-after=k%2F{random.randrange(keys - 1000):08d}" for _ in range(a.pages)]
        text = ask("GET", paths[0])
        assert text.count("<Contents>") == 1000, text[:400]
        rates = []
        for _ in range(a.reps):
            with Watch(process.pid) as watch:
                r = loadgen(ADDR, paths=write_lines("ops-list", paths), conns=2, n=a.pages)
            assert r["non2xx"] + r["errors"] == 0, r
            rates.append((r["rps"], r["p50_ms"], 1e3 * watch.cpu / a.pages))
        rate, p50, cpu_ms = (statistics.median(column) for column in zip(*rates))
        print(f"list of {keys:,} keys: {rate:,.0f} pages/s, p50 {p50:.2f} ms, CPU {cpu_ms:.2f} ms a page of 1,000", flush=True)


def delete_many():
    bucket("deleted")
    took = []
    for rep in range(a.reps):
        fill("deleted", rep * 1000, rep * 1000 + 1000)
        body = "<Delete><Quiet>true</Quiet>" + "".join(f"<Object><Key>k/{n:08d}</Key></Object>" for n in range(rep * 1000, rep * 1000 + 1000)) + "</Delete>"
        digest = base64.b64encode(hashlib.md5(body.encode()).digest()).decode()
        began = time.perf_counter()
        text = ask("POST", "/deleted?delete", body.encode(), **{"Content-MD5": digest})
        took.append(1e3 * (time.perf_counter() - began))
        assert "<Error>" not in text, text[:400]
    assert "<Contents>" not in ask("GET", "/deleted?list-type=2")
    print(f"delete of 1,000 keys: median {statistics.median(took):.1f} ms (of {', '.join(f'{ms:.1f}' for ms in took)})", flush=True)


def complete():
    bucket("completed")
    took = []
    for rep in range(min(a.reps, 3)):
        key = f"/completed/{rep}"
        upload = re.search("<UploadId>(.*?)</UploadId>", ask("POST", key + "?uploads", **AS_OSS)).group(1)
        paths = write_lines("ops-parts", [f"{key}?partNumber={n}&uploadId={upload}" for n in range(1, a.parts + 1)])
        r = loadgen(ADDR, paths=paths, conns=16, n=a.parts, method="PUT", body_size=100 * K)
        assert r["non2xx"] + r["errors"] == 0, r
        parts, marker = [], 0
        while len(parts) < a.parts:
            page = re.findall("<PartNumber>(\\d+)</PartNumber>.*?<ETag>(.*?)</ETag>", ask("GET", f"{key}?uploadId={upload}&part-number-marker={marker}", **AS_OSS), re.S)
            parts += page
            marker = page[-1][0]
        body = "<CompleteMultipartUpload>" + "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{tag}</ETag></Part>" for n, tag in parts) + "</CompleteMultipartUpload>"
        began = time.perf_counter()
        ask("POST", f"{key}?uploadId={upload}", body.encode(), **AS_OSS)
        took.append(1e3 * (time.perf_counter() - began))
    print(f"complete of {a.parts:,} parts: median {statistics.median(took):.1f} ms (of {', '.join(f'{ms:.1f}' for ms in took)})", flush=True)


with headwater(a.binary, "ops", DATA, ID, SECRET) as process:
    for test, run in (("list", list_pages), ("delete", delete_many), ("complete", complete)):
        if test in a.tests:
            run()
