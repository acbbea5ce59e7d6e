"""How long a start takes after kill -9, with 10^5 objects: from the start of the process to the first 200 of /-/readyz.

    python3 ready.py PATH/TO/headwater [OBJECTS]
"""
import os, re, shutil, signal, subprocess, sys, tempfile, time, urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

binary, objects = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
directory = tempfile.mkdtemp(prefix="ready-", dir=os.environ.get("PERF_TMP"))
env = dict(os.environ, HEADWATER_ACCESS_KEY_ID="benchmark", HEADWATER_ACCESS_KEY_SECRET="benchmark-secret")
command = [binary, "serve", "--data", directory + "/data", "--listen", "127.0.0.1:18200", "--admin-listen", "127.0.0.1:18201",
           "--access-log", "off", "--log", "warn", "--mirror", "bkt=http://127.0.0.1:9/"]


def start():
    began = time.perf_counter()
    process = subprocess.Popen(command, env=env)
    while True:
        try:
            urllib.request.urlopen("http://127.0.0.1:18201/-/readyz", timeout=5).read()
            return process, time.perf_counter() - began
        except OSError:
            time.sleep(0.001)


def open_bucket():
    # A presigned request by hand would drag a signer in; the bucket is opened with the OSS V1 scheme, which is short.
    import base64, email.utils, hashlib, hmac
    date = email.utils.formatdate(usegmt=True)
    text = f"PUT\n\n\n{date}\nx-oss-acl:public-read-write\n/bkt/?acl"
    signature = base64.b64encode(hmac.new(b"benchmark-secret", text.encode(), hashlib.sha1).digest()).decode()
    c = HTTPConnection("127.0.0.1", 18200)
    c.request("PUT", "/bkt/?acl", headers={"Date": date, "x-oss-acl": "public-read-write", "Authorization": f"OSS benchmark:{signature}"})
    assert c.getresponse().status == 200


def fill(part):
    c = HTTPConnection("127.0.0.1", 18200)
    for n in part:
        c.request("PUT", f"/bkt/dir{n % 100}/object-{n:08}", body=b"x" * 1024)
        r = c.getresponse()
        r.read()
        assert r.status == 200


process, _ = start()
open_bucket()
with ThreadPoolExecutor(16) as pool:
    list(pool.map(fill, [range(k, objects, 16) for k in range(16)]))
times = []
for _ in range(5):
    process.send_signal(signal.SIGKILL)
    process.wait()
    process, seconds = start()
    times.append(seconds)
count = urllib.request.urlopen("http://127.0.0.1:18201/-/metrics").read().decode()
print("objects:", re.search(r"headwater_store_objects (\d+)", count).group(1))
print("ready after kill -9, seconds:", ", ".join(f"{t:.3f}" for t in sorted(times)), "median", f"{sorted(times)[2]:.3f}")
process.terminate()
process.wait()
shutil.rmtree(directory)
