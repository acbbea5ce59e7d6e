"""Six clients send many valid requests, no two alike; whether all were accepted, the server's access log says.

REQUESTS: about how many, of all clients together. CURL, RCLONE: the programs. Each client has a bucket of its name.
"""

import io
import os
import pathlib
import random
import shutil
import string
import subprocess
import sys
import tempfile
import urllib.parse

import alibabacloud_oss_v2 as oss
import oss2
import requests
from boto3.s3.transfer import TransferConfig

import sdk

REQUESTS = int(os.environ["REQUESTS"])
# What URLs, headers, XML and signatures like to damage. Dot segments are left out: HTTP libraries resolve them.
LETTERS = string.ascii_letters + string.digits + "   ////++%%&&==??##;:@,!$'()*~^|\\<>[]{}\"`-_" + "äß键é😀"
HTTP = requests.Session()
CHOICE = random.Random(4)


def text(length, letters=LETTERS):
    return "".join(CHOICE.choice(letters) for _ in range(CHOICE.randint(1, length)))


def odd_key():
    """No key begins with a slash or a backslash: OSS has none such."""
    return CHOICE.choice("abc") + text(40)


def body():
    return CHOICE.randbytes(CHOICE.choice([0, 1, 17, 1000, 70_000]))


def meta():
    plain = string.ascii_letters + string.digits + " !#$%&'()*+-./:;<=>?@[]^_`{|}~,"
    return {f"{text(8, string.ascii_lowercase)}-{at}": text(30, plain).strip() for at in range(CHOICE.randint(0, 3))}


def tags():
    letters = string.ascii_letters + string.digits + "+-=._:/ "
    return {f"k{at}{text(10, letters)}".strip(): text(10, letters).strip() for at in range(CHOICE.randint(0, 3))}


def check(response):
    assert response.ok, f"{response.status_code} {response.text[:500]}"


class Stream:
    """Readable and nothing else, so that a client can neither hash nor measure it first."""

    def __init__(self, content):
        self._content = io.BytesIO(content)

    def read(self, size=-1):
        return self._content.read(-1 if size is None else size)


class Boto3:
    """Amazon's SDK: V4 in headers, with checksums and chunks, and URLs signed with V4 and V2."""

    def __init__(self):
        self.client, self.bucket = sdk.boto3_client(), "accepted-boto3"
        self.old = sdk.boto3_client(signature_version="s3")
        self.new = sdk.boto3_client(signature_version="s3v4")
        self.client.create_bucket(Bucket=self.bucket)

    def round(self):
        client, name, key, content = self.client, self.bucket, odd_key(), body()
        at = {"Bucket": name, "Key": key}
        tagging = urllib.parse.urlencode(tags())
        algorithm = CHOICE.choice(["CRC32", "SHA1", "SHA256"])
        client.put_object(**at, Body=content, Metadata=meta(), Tagging=tagging, ChecksumAlgorithm=algorithm,
                          ContentType=CHOICE.choice(["text/plain", "a/b; c=d", "image/png"]), CacheControl="no-cache")
        shaped = {"ResponseContentType": "x/y", "ResponseContentDisposition": f'attachment; filename="{text(9, "ab =&+")}"'}
        got = client.get_object(**at, ChecksumMode="ENABLED", **CHOICE.choice([{}, shaped]))
        assert got["Body"].read() == content
        client.head_object(**at, IfMatch=got["ETag"])
        client.copy_object(Bucket=name, Key=odd_key(), CopySource=at, MetadataDirective="REPLACE", Metadata=meta())
        client.put_object_tagging(**at, Tagging={"TagSet": [{"Key": k, "Value": v} for k, v in tags().items()]})
        client.list_objects_v2(Bucket=name, Prefix=text(2), Delimiter=text(1), StartAfter=text(5), MaxKeys=3)
        client.list_objects(Bucket=name, Marker=text(5), MaxKeys=2)
        self.presigned(at, content)
        client.upload_fileobj(Stream(content), name, odd_key(), Config=TransferConfig(multipart_threshold=1 << 26))
        upload = client.create_multipart_upload(**at, Metadata=meta())["UploadId"]
        part = client.upload_part(**at, UploadId=upload, PartNumber=1, Body=content)
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        client.complete_multipart_upload(**at, UploadId=upload, MultipartUpload=parts)
        doomed = client.delete_objects(Bucket=name, Delete={"Objects": [{"Key": key}, {"Key": odd_key()}]})
        assert "Errors" not in doomed, doomed
        return 16

    def presigned(self, at, content):
        for signer in (self.old, self.new):
            url = signer.generate_presigned_url("put_object", {**at, "ContentType": "text/x"}, 600)
            check(HTTP.put(url, data=content, headers={"Content-Type": "text/x"}))
            shaped = {**at, "ResponseContentType": "x/y", "ResponseCacheControl": "max-age=1, public"}
            check(HTTP.get(signer.generate_presigned_url("get_object", shaped, 600)))


class Oss2:
    """Alibaba's first SDK, in one of its signatures, in headers and URLs."""

    def __init__(self, version):
        auth = {"v1": oss2.Auth, "v4": oss2.AuthV4}[version](sdk.KEY_ID, sdk.SECRET)
        self.bucket = oss2.Bucket(auth, sdk.ENDPOINT, f"accepted-oss2-{version}", region=sdk.REGION)
        self.bucket.create_bucket()

    def round(self):
        bucket, key, content = self.bucket, odd_key(), body()
        headers = {f"x-oss-meta-{name}": value for name, value in meta().items()}
        headers |= {"x-oss-tagging": urllib.parse.urlencode(tags()), "Content-Type": "text/plain", "Cache-Control": "no-cache"}
        bucket.put_object(key, content, headers=headers)
        shaped = {"response-content-type": "x/y", "response-content-language": text(9, "ab-=&+ ")}
        assert bucket.get_object(key, params=dict(shaped)).read() == content
        bucket.get_object_meta(key)
        bucket.head_object(key)
        bucket.copy_object(bucket.bucket_name, key, odd_key())
        bucket.put_object_tagging(key, oss2.models.Tagging(self.rule()))
        bucket.get_object_tagging(key)
        bucket.put_object_acl(key, oss2.OBJECT_ACL_PRIVATE)
        bucket.list_objects(prefix=text(2), delimiter=text(1), marker=text(5), max_keys=3)
        bucket.list_objects_v2(prefix=text(2), start_after=text(5), max_keys=2, fetch_owner=True)
        bucket.append_object(f"{key}-appended", 0, content)
        for slash_safe in (False, True):
            url = bucket.sign_url("PUT", key, 600, headers={"Content-Type": "text/x"}, slash_safe=slash_safe)
            check(HTTP.put(url, data=content, headers={"Content-Type": "text/x"}))
            check(HTTP.get(bucket.sign_url("GET", key, 600, params=dict(shaped), slash_safe=slash_safe)))
        upload = bucket.init_multipart_upload(key).upload_id
        part = bucket.upload_part(key, upload, 1, content)
        bucket.complete_multipart_upload(key, upload, [oss2.models.PartInfo(1, part.etag)])
        bucket.batch_delete_objects([key, odd_key()])
        return 19

    @staticmethod
    def rule():
        rule = oss2.models.TaggingRule()
        for name, value in tags().items():
            rule.add(name, value)
        return rule


class OssV2:
    """Alibaba's second SDK."""

    def __init__(self):
        self.client, self.bucket = sdk.oss_v2_client(), "accepted-oss-v2"
        self.client.put_bucket(oss.PutBucketRequest(bucket=self.bucket))

    def round(self):
        client, key, content = self.client, odd_key(), body()
        at = {"bucket": self.bucket, "key": key}
        client.put_object(oss.PutObjectRequest(**at, body=content, metadata=meta(), content_type="text/plain",
                                               tagging=urllib.parse.urlencode(tags())))
        shaped = oss.GetObjectRequest(**at, response_content_type="x/y", response_cache_control=text(9, "ab-=&+ "))
        assert client.get_object(shaped).body.content == content
        client.head_object(oss.HeadObjectRequest(**at))
        client.copy_object(oss.CopyObjectRequest(bucket=self.bucket, key=odd_key(), source_key=key))
        client.list_objects_v2(oss.ListObjectsV2Request(bucket=self.bucket, prefix=text(2), start_after=text(5), max_keys=3))
        client.list_objects(oss.ListObjectsRequest(bucket=self.bucket, delimiter=text(1), marker=text(5), max_keys=2))
        client.get_object_tagging(oss.GetObjectTaggingRequest(**at))
        signed = client.presign(oss.PutObjectRequest(**at, content_type="text/x"))
        check(HTTP.request(signed.method, signed.url, headers=signed.signed_headers, data=content))
        signed = client.presign(oss.GetObjectRequest(**at, response_content_type="x/y"))
        check(HTTP.request(signed.method, signed.url, headers=signed.signed_headers))
        client.append_object(oss.AppendObjectRequest(bucket=self.bucket, key=f"{key}-appended", position=0, body=content))
        doomed = [oss.DeleteObject(key=key), oss.DeleteObject(key=odd_key())]
        client.delete_multiple_objects(oss.DeleteMultipleObjectsRequest(bucket=self.bucket, objects=doomed))
        return 11


class Curl:
    """`curl --aws-sigv4`: many requests of one process."""

    BATCH = 10

    def __init__(self):
        self.bucket = "accepted-curl"
        sdk.boto3_client().create_bucket(Bucket=self.bucket)

    def round(self):
        blocks = [block for _ in range(self.BATCH) for block in self.requests(odd_key())]
        config = "next\n".join(blocks)
        # A failure ends the process with its status.
        run([os.environ["CURL"], "-sS", "--fail-early", "-K", "-"], input=config.encode())
        return len(blocks)

    def requests(self, key):
        """Put, get and delete, in the language of curl's configuration files."""
        url = f"{sdk.ENDPOINT}/{self.bucket}/{urllib.parse.quote(key, safe='/~-._')}"
        common = [f'url = "{url}"', 'aws-sigv4 = "aws:amz:cn-hangzhou:s3"', f'user = "{sdk.KEY_ID}:{sdk.SECRET}"',
                  'header = "x-amz-content-sha256: UNSIGNED-PAYLOAD"', 'output = "/dev/null"', "fail"]
        put = [*common, 'request = "PUT"', f'header = "x-amz-meta-a: {text(20, string.ascii_letters)}"',
               f'data-binary = "{text(50, string.ascii_letters)}"']
        return ["\n".join(lines) + "\n" for lines in (put, common, [*common, 'request = "DELETE"'])]


class Tree:
    """A directory with odd names, for clients that copy such."""

    FILES = 12

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.directory.name) / "tree"

    def fresh(self):
        shutil.rmtree(self.path, ignore_errors=True)
        for _ in range(self.FILES):
            file = self.path / f"d{CHOICE.randint(1, 3)}" / (odd_key().replace("/", "-")[:60].strip() or "k")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body())
        return str(self.path)


class Rclone:
    """rclone over its S3 backend."""

    def __init__(self):
        self.tree = Tree()
        settings = {"TYPE": "s3", "PROVIDER": "Other", "ACCESS_KEY_ID": sdk.KEY_ID, "SECRET_ACCESS_KEY": sdk.SECRET,
                    "ENDPOINT": sdk.ENDPOINT, "REGION": sdk.REGION, "FORCE_PATH_STYLE": "true"}
        self.environment = {**os.environ, **{f"RCLONE_CONFIG_HW_{name}": value for name, value in settings.items()},
                            "RCLONE_CONFIG": self.tree.directory.name + "/none.conf"}
        self("mkdir", "hw:accepted-rclone")

    def __call__(self, *words):
        run([os.environ["RCLONE"], *words, "--retries", "1", "--low-level-retries", "1"], env=self.environment)

    def round(self):
        local, remote = self.tree.fresh(), f"hw:accepted-rclone/{text(8, 'ab c+=&')}x"
        self("copy", local, remote)
        self("check", "--download", local, remote)
        self("sync", remote, "hw:accepted-rclone/copied")
        self("delete", remote)
        return 4 * Tree.FILES


class S3cmd:
    """s3cmd, which signs and escapes on its own."""

    def __init__(self):
        self.tree = Tree()
        self.settings = pathlib.Path(self.tree.directory.name) / "s3cfg"
        host = urllib.parse.urlsplit(sdk.ENDPOINT).netloc
        lines = {"access_key": sdk.KEY_ID, "secret_key": sdk.SECRET, "host_base": host, "host_bucket": host,
                 "use_https": "False", "bucket_location": sdk.REGION}
        self.settings.write_text("[default]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items()))
        self("mb", "s3://accepted-s3cmd")

    def __call__(self, *words):
        program = pathlib.Path(sys.executable).parent / "s3cmd"
        run([sys.executable, str(program), "-c", str(self.settings), "--no-progress", *words])

    def round(self):
        local, remote = self.tree.fresh(), f"s3://accepted-s3cmd/{text(8, 'ab c+=&')}x/"
        self("sync", "--add-header=Cache-Control:no-cache", local, remote)
        self("sync", "--force", remote, self.tree.directory.name + "/back/")
        self("ls", "--recursive", remote)
        self("del", "--recursive", "--force", remote)
        return 3 * Tree.FILES


def run(command, **named):
    done = subprocess.run(command, capture_output=True, check=False, **named)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stderr.decode(errors='replace')[-2000:]}"


# Which part of the requests each has; those that start a process for each round have less.
SHARES = [(Boto3(), 30), (Oss2("v1"), 15), (Oss2("v4"), 15), (OssV2(), 15), (Curl(), 10), (Rclone(), 10), (S3cmd(), 5)]
for client, share in SHARES:
    sent = 0
    while sent < REQUESTS * share / 100:
        sent += client.round()
    print(f"{type(client).__name__}: about {sent} requests")
