"""Hit path: GET of stored objects (all in the page cache), peers interleaved inside every repetition."""
import argparse, os, time
from perflib import *

ap = argparse.ArgumentParser()
ap.add_argument("--peers", default="nginx,nginx-ofc,s3s-fs-anon,s3s-fs,garage-web,garage")
ap.add_argument("--ours", action="append", default=[], help="name=..,addr=127.0.0.1:P,bucket=..,pid=..[,ak=..,sk=..]")
ap.add_argument("--sizes", default="1k,64k,1m,64m")
ap.add_argument("--conns", default="32,256")
ap.add_argument("--secs", type=float, default=3)
ap.add_argument("--reps", type=int, default=3)
a = ap.parse_args()
SPEC = {"1k": (1000, K), "64k": (500, 64 * K), "1m": (100, M), "64m": (4, 64 * M)}
sizes = a.sizes.split(",")
spec = {s: SPEC[s] for s in sizes}
doc = os.path.join(RUN, "docroot")
make_docroot(doc, spec)
want = a.peers.split(",")
peers = []
if "nginx" in want:
    peers.append(nginx_static(doc).start())
if "nginx-ofc" in want:
    peers.append(nginx_static(doc, 18002, "nginx-ofc", True).start())
if which("s3s-fs") and any(w.startswith("s3s-fs") for w in want):
    s = S3sFs(18010, True).start()
    s.put_all(doc, spec)
    if "s3s-fs-anon" in want:
        peers.append(S3sFs(18011, False).start())
    peers.append(s)
if which("garage") and any(w.startswith("garage") for w in want):
    g = Garage(18020).start()
    g.put_all(doc, spec)
    if "garage-web" in want:
        peers.append(GarageWeb(g))
    peers.append(g)
if "seaweedfs" in want and which("weed"):
    s = Seaweed().start()
    s.put_all(doc, spec)
    peers.append(s)
for o in a.ours:
    p = Ours(o).start()
    p.put_all(doc, spec)
    peers.append(p)
raw = Raw("hit")
for rep in range(-1, a.reps):  # -1: warm-up, not recorded
    for sz in sizes:
        n, size = spec[sz]
        for c in [int(x) for x in a.conns.split(",")]:
            if size >= 64 * M and c > 32 or (rep < 0 and c > 32):
                continue
            for p in peers:
                pf = write_lines(f"paths-{p.name}-{sz}", [p.get_path(sz, i) for i in range(n)])
                secs = 1 if rep < 0 else a.secs
                with Watch(p.pid) as w:
                    if size < M:
                        r = wrk(p.addr, pf, c, int(secs), host=p.host)
                    else:
                        r = loadgen(p.addr, paths=pf, conns=c, secs=secs, host=p.host, expect_len=size)
                if rep < 0:
                    if r["non2xx"] or r["errors"] or r.get("wrong_len"):
                        print("WARM-UP BAD", p.name, sz, r, flush=True)
                    continue
                raw.add(rep=rep, size=sz, conns=c, peer=p.name, signed=p.signed, rps=r["rps"], mbps=r["requests"] * size / r["wall"] / 1e6,
                        p50_ms=r["p50_ms"], p99_ms=r["p99_ms"], bad=r["non2xx"] + r["errors"] + r.get("wrong_len", 0),
                        cpu_ms_per_kreq=1e6 * w.cpu / max(1, r["requests"]), cpu_s_per_gib=w.cpu / max(1e-9, r["requests"] * size / G),
                        rss_mib=w.peak_anon / M)
names = [p.name for p in peers]
print(table(raw.rows, ["size", "conns"], names, ["rps", "mbps", "p50_ms", "p99_ms", "cpu_ms_per_kreq", "cpu_s_per_gib", "rss_mib", "bad"], names[0]))
for p in peers:
    p.stop()
