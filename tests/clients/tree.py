"""Reads every file of a tree through a bucket, in parallel, and compares it by SHA-256 with the file on disk.

SDK: see sdk.connect. BUCKET: the bucket. TREE: the directory. FILES: a file with one relative path a line.
"""

import hashlib
import os
import pathlib
from concurrent.futures import ThreadPoolExecutor

import sdk

TREE = pathlib.Path(os.environ["TREE"])
CLIENT = sdk.connect(os.environ["SDK"], os.environ["BUCKET"])
# Two cores serve, fetch and compare.
THREADS = 6


def check(name):
    expected = hashlib.sha256((TREE / name).read_bytes()).hexdigest()
    try:
        body, _ = CLIENT.get(name)
    except sdk.Refused as error:
        return f"{name}: {error}"
    found = hashlib.sha256(body).hexdigest()
    return None if found == expected else f"{name}: {len(body)} bytes with SHA-256 {found} instead of {expected}"


names = pathlib.Path(os.environ["FILES"]).read_text(encoding="utf-8").splitlines()
with ThreadPoolExecutor(THREADS) as pool:
    wrong = [message for message in pool.map(check, names) if message]
print(f"{len(names) - len(wrong)} files right, {len(wrong)} wrong")
print("\n".join(wrong[:20]))
raise SystemExit(1 if wrong else 0)
