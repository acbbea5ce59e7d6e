"""Clients that ask HEAD first, and hold what they fetch to its ETag, reading what only the origin has.

BUCKET mirrors it, its setting `head` is `store`; what is read goes into the folder OUT, for the caller to compare.
"""

import os
import pathlib
import subprocess
import sys
import urllib.parse

import boto3.s3.transfer
import sdk

BUCKET, OUT = os.environ["BUCKET"], pathlib.Path(os.environ["OUT"])


def s3cmd(key):
    host = urllib.parse.urlsplit(sdk.ENDPOINT).netloc
    lines = {"access_key": sdk.KEY_ID, "secret_key": sdk.SECRET, "host_base": host, "host_bucket": host,
             "use_https": "False", "bucket_location": sdk.REGION}
    settings = OUT / "s3cfg"
    settings.write_text("[default]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items()))
    program = pathlib.Path(sys.executable).parent / "s3cmd"
    command = [sys.executable, str(program), "-c", str(settings), "--no-progress",
               "get", f"s3://{BUCKET}/{key}", str(OUT / key)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def boto3_transfer(key):
    # Parts that are fetched beside each other, each under If-Match.
    config = boto3.s3.transfer.TransferConfig(multipart_threshold=1 << 20, multipart_chunksize=1 << 20)
    sdk.boto3_client().download_file(BUCKET, key, str(OUT / key), Config=config)


for name in ("small-1", "big-1"):
    s3cmd(name)
for name in ("small-2", "big-2"):
    boto3_transfer(name)
head = sdk.boto3_client().head_object(Bucket=BUCKET, Key="small-3")
body = sdk.boto3_client().get_object(Bucket=BUCKET, Key="small-3", IfMatch=head["ETag"])["Body"].read()
assert len(body) == head["ContentLength"]
(OUT / "small-3").write_bytes(body)
print("s3cmd and boto3 read five objects")
