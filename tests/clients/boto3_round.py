"""A round with boto3."""

import base64
import email.utils
import hashlib
import io
import urllib.parse
import zlib

import botocore.exceptions
import requests
from boto3.s3.transfer import TransferConfig

import sdk
from steps import ODD_KEYS, Steps, equal, pattern

step = Steps()
PART = 5 * 1024 * 1024
CLIENT = sdk.boto3_client()


def fresh(name):
    bucket = f"boto3-{name}"
    CLIENT.create_bucket(Bucket=bucket)
    return bucket


def refused(status, code, function, **named):
    try:
        function(**named)
    except botocore.exceptions.ClientError as error:
        metadata = error.response["ResponseMetadata"]
        equal((metadata["HTTPStatusCode"], error.response["Error"].get("Code")), (status, code))
        return error.response
    raise AssertionError(f"not refused with {status} {code}")


def read(bucket, key, **named):
    return CLIENT.get_object(Bucket=bucket, Key=key, **named)["Body"].read()


@step
def bucket_life_cycle():
    bucket = fresh("life")
    assert bucket in [found["Name"] for found in CLIENT.list_buckets()["Buckets"]]
    CLIENT.head_bucket(Bucket=bucket)
    equal(CLIENT.get_bucket_location(Bucket=bucket)["LocationConstraint"], sdk.REGION)
    CLIENT.put_object(Bucket=bucket, Key="k", Body=b"1")
    refused(409, "BucketNotEmpty", CLIENT.delete_bucket, Bucket=bucket)
    CLIENT.delete_object(Bucket=bucket, Key="k")
    CLIENT.delete_bucket(Bucket=bucket)
    refused(404, "404", CLIENT.head_bucket, Bucket=bucket)
    refused(404, "NoSuchBucket", CLIENT.list_objects_v2, Bucket=bucket)
    refused(404, "NoSuchBucket", CLIENT.put_object, Bucket=bucket, Key="k", Body=b"1")
    refused(404, "NoSuchBucket", CLIENT.delete_bucket, Bucket=bucket)


@step
def signatures_of_the_second_version_and_dates_of_the_clients_own():
    bucket, old = "boto3-old", sdk.boto3_client(signature_version="s3")
    old.create_bucket(Bucket=bucket)
    old.put_object(Bucket=bucket, Key="k", Body=b"1")
    equal([found["Key"] for found in old.list_objects_v2(Bucket=bucket)["Contents"]], ["k"])
    new = sdk.boto3_client(signature_version="s3v4")
    # A Date of the caller's own is signed with a numeric zone, and no x-amz-date is sent.
    dated = {"Date": email.utils.formatdate(usegmt=True)}
    new.meta.events.register("before-call.s3.PutObject", lambda params, **_: params["headers"].update(dated))
    new.put_object(Bucket=bucket, Key="dated", Body=b"2")
    equal(read(bucket, "dated"), b"2")


@step
def objects_and_metadata():
    bucket = fresh("objects")
    body = pattern(300_000)
    fields = {"ContentType": "text/x", "CacheControl": "max-age=1", "ContentDisposition": "inline",
              "ContentLanguage": "de", "Metadata": {"author": "alice"}}
    etag = CLIENT.put_object(Bucket=bucket, Key="k", Body=body, **fields)["ETag"]
    got = CLIENT.get_object(Bucket=bucket, Key="k")
    equal(got["Body"].read(), body)
    equal(got["ETag"], etag)
    for name, value in fields.items():
        equal(got[name], value)
    head = CLIENT.head_object(Bucket=bucket, Key="k")
    equal((head["ContentLength"], head["ETag"], head["Metadata"]), (len(body), etag, {"author": "alice"}))
    shaped = CLIENT.get_object(Bucket=bucket, Key="k", ResponseContentType="text/y")
    equal(shaped["ContentType"], "text/y")
    CLIENT.delete_object(Bucket=bucket, Key="k")
    CLIENT.delete_object(Bucket=bucket, Key="k")
    refused(404, "NoSuchKey", CLIENT.get_object, Bucket=bucket, Key="k")
    refused(404, "404", CLIENT.head_object, Bucket=bucket, Key="k")


@step
def checksums():
    bucket = fresh("checksums")
    body = pattern(200_000)
    for algorithm in ("CRC32", "SHA1", "SHA256"):
        put = CLIENT.put_object(Bucket=bucket, Key=algorithm, Body=body, ChecksumAlgorithm=algorithm)
        got = CLIENT.get_object(Bucket=bucket, Key=algorithm, ChecksumMode="ENABLED")
        equal(got["Body"].read(), body)
        equal(got[f"Checksum{algorithm}"], put[f"Checksum{algorithm}"])
    wrong = base64.b64encode(b"\0" * 32).decode()
    refused(400, "BadDigest", CLIENT.put_object, Bucket=bucket, Key="w", Body=body, ChecksumSHA256=wrong)
    refused(404, "NoSuchKey", CLIENT.get_object, Bucket=bucket, Key="w")


@step
def streamed_bodies():
    """A body of unknown length is sent in signed chunks with a trailer."""
    bucket = fresh("streamed")
    body = pattern(1_500_000)

    class Stream:
        """Readable and nothing else, so that the client cannot hash it first."""

        def __init__(self):
            self.at = 0

        def read(self, size=-1):
            size = len(body) - self.at if size is None or size < 0 else size
            piece = body[self.at:self.at + size]
            self.at += len(piece)
            return piece

    CLIENT.upload_fileobj(Stream(), bucket, "k", Config=TransferConfig(multipart_threshold=64 * 1024 * 1024))
    equal(read(bucket, "k"), body)


@step
def ranges_and_conditions():
    bucket = fresh("ranges")
    body = pattern(50_000)
    etag = CLIENT.put_object(Bucket=bucket, Key="k", Body=body)["ETag"]
    got = CLIENT.get_object(Bucket=bucket, Key="k", Range="bytes=100-199")
    equal((got["ContentRange"], got["Body"].read()), ("bytes 100-199/50000", body[100:200]))
    equal(read(bucket, "k", Range="bytes=-5"), body[-5:])
    refused(416, "InvalidRange", CLIENT.get_object, Bucket=bucket, Key="k", Range="bytes=60000-")
    equal(read(bucket, "k", IfMatch=etag), body)
    refused(412, "PreconditionFailed", CLIENT.get_object, Bucket=bucket, Key="k", IfMatch='"x"')
    refused(304, "304", CLIENT.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag)
    refused(412, "PreconditionFailed", CLIENT.put_object, Bucket=bucket, Key="k", Body=b"x", IfNoneMatch="*")
    CLIENT.put_object(Bucket=bucket, Key="new", Body=b"x", IfNoneMatch="*")
    equal(read(bucket, "k"), body)


@step
def odd_keys():
    bucket = fresh("odd")
    for key in ODD_KEYS:
        CLIENT.put_object(Bucket=bucket, Key=key, Body=key.encode())
        equal(read(bucket, key), key.encode())
        equal(CLIENT.head_object(Bucket=bucket, Key=key)["ContentLength"], len(key.encode()))
    for operation in ("list_objects", "list_objects_v2"):
        pages = CLIENT.get_paginator(operation).paginate(Bucket=bucket, PaginationConfig={"PageSize": 3})
        equal([found["Key"] for page in pages for found in page["Contents"]], sorted(ODD_KEYS, key=str.encode))
    doomed = {"Objects": [{"Key": key} for key in ODD_KEYS]}
    equal(sorted(found["Key"] for found in CLIENT.delete_objects(Bucket=bucket, Delete=doomed)["Deleted"]), sorted(ODD_KEYS))
    equal(CLIENT.list_objects_v2(Bucket=bucket)["KeyCount"], 0)


@step
def listing():
    bucket = fresh("listing")
    keys = [f"d{number // 10}/f{number:03}" for number in range(30)] + ["root"]
    for key in keys:
        CLIENT.put_object(Bucket=bucket, Key=key, Body=b"x")
    for operation in ("list_objects", "list_objects_v2"):
        pages = list(CLIENT.get_paginator(operation).paginate(
            Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 2}))
        prefixes = [found["Prefix"] for page in pages for found in page.get("CommonPrefixes", [])]
        equal(prefixes, ["d0/", "d1/", "d2/"])
        equal([found["Key"] for page in pages for found in page.get("Contents", [])], ["root"])
        pages = CLIENT.get_paginator(operation).paginate(
            Bucket=bucket, Prefix="d1/", PaginationConfig={"PageSize": 4})
        equal([found["Key"] for page in pages for found in page["Contents"]], keys[10:20])
    page = CLIENT.list_objects_v2(Bucket=bucket, StartAfter="d2/f028", FetchOwner=True)
    equal([found["Key"] for found in page["Contents"]], ["d2/f029", "root"])
    assert page["Contents"][0]["Owner"]["ID"]


@step
def versions():
    bucket = fresh("versions")
    for key in ("a", "d/1", "d/2", "z"):
        CLIENT.put_object(Bucket=bucket, Key=key, Body=b"x")
    page = CLIENT.list_object_versions(Bucket=bucket)
    equal([(found["Key"], found["VersionId"], found["IsLatest"]) for found in page["Versions"]],
          [(key, "null", True) for key in ("a", "d/1", "d/2", "z")])
    pages = CLIENT.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 1})
    pages = list(pages)
    equal([found["Key"] for page in pages for found in page.get("Versions", [])], ["a", "z"])
    equal([found["Prefix"] for page in pages for found in page.get("CommonPrefixes", [])], ["d/"])
    doomed = [{"Key": found["Key"], "VersionId": found["VersionId"]} for found in page["Versions"]]
    assert "Errors" not in CLIENT.delete_objects(Bucket=bucket, Delete={"Objects": doomed})
    assert "Versions" not in CLIENT.list_object_versions(Bucket=bucket)


@step
def copies():
    bucket = fresh("copies")
    body = pattern(150_000)
    CLIENT.put_object(Bucket=bucket, Key=ODD_KEYS[0], Body=body, ContentType="text/a", Metadata={"a": "1"})
    source = {"Bucket": bucket, "Key": ODD_KEYS[0]}
    CLIENT.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    got = CLIENT.get_object(Bucket=bucket, Key="copy")
    equal((got["Body"].read(), got["ContentType"], got["Metadata"]), (body, "text/a", {"a": "1"}))
    CLIENT.copy_object(Bucket=bucket, Key="copy", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"})
    equal(CLIENT.head_object(Bucket=bucket, Key="copy")["Metadata"], {"b": "2"})
    missing = {"Bucket": bucket, "Key": "missing"}
    refused(404, "NoSuchKey", CLIENT.copy_object, Bucket=bucket, Key="x", CopySource=missing)


@step
def multipart():
    bucket = fresh("multipart")
    body = pattern(2 * PART + 777)
    upload = CLIENT.create_multipart_upload(Bucket=bucket, Key="big", ContentType="text/m")["UploadId"]
    named = {"Bucket": bucket, "Key": "big", "UploadId": upload}
    parts = []
    for number in (1, 2, 3):
        piece = body[(number - 1) * PART:number * PART]
        etag = CLIENT.upload_part(PartNumber=number, Body=piece, **named)["ETag"]
        parts.append({"PartNumber": number, "ETag": etag})
    pages = CLIENT.get_paginator("list_parts").paginate(PaginationConfig={"PageSize": 2}, **named)
    equal([part["Size"] for page in pages for part in page["Parts"]], [PART, PART, 777])
    equal([found["UploadId"] for found in CLIENT.list_multipart_uploads(Bucket=bucket)["Uploads"]], [upload])
    wrong = {"Parts": [{"PartNumber": 1, "ETag": "0" * 32}]}
    refused(400, "InvalidPart", CLIENT.complete_multipart_upload, MultipartUpload=wrong, **named)
    swapped = {"Parts": parts[::-1]}
    refused(400, "InvalidPartOrder", CLIENT.complete_multipart_upload, MultipartUpload=swapped, **named)
    done = CLIENT.complete_multipart_upload(MultipartUpload={"Parts": parts}, **named)
    assert done["ETag"].endswith('-3"'), done["ETag"]
    got = CLIENT.get_object(Bucket=bucket, Key="big")
    equal((got["Body"].read() == body, got["ContentType"]), (True, "text/m"))
    equal(read(bucket, "big", Range=f"bytes={PART - 2}-{PART + 1}"), body[PART - 2:PART + 2])
    small = CLIENT.create_multipart_upload(Bucket=bucket, Key="small")["UploadId"]
    named = {"Bucket": bucket, "Key": "small", "UploadId": small}
    parts = [{"PartNumber": n, "ETag": CLIENT.upload_part(PartNumber=n, Body=b"x", **named)["ETag"]} for n in (1, 2)]
    refused(400, "EntityTooSmall", CLIENT.complete_multipart_upload, MultipartUpload={"Parts": parts}, **named)
    CLIENT.abort_multipart_upload(**named)
    refused(404, "NoSuchUpload", CLIENT.list_parts, **named)
    assert "Uploads" not in CLIENT.list_multipart_uploads(Bucket=bucket)


@step
def tagging():
    bucket = fresh("tagging")
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    shown = lambda key: CLIENT.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    for size in (3, 100_000):
        body = pattern(size)
        CLIENT.put_object(Bucket=bucket, Key="k", Body=body, Tagging="a=1&b")
        equal(shown("k"), tags)
        equal(CLIENT.head_object(Bucket=bucket, Key="k")["TagCount"], 2)
        CLIENT.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags[:1]})
        equal((shown("k"), read(bucket, "k")), (tags[:1], body))
    source = {"Bucket": bucket, "Key": "k"}
    CLIENT.copy_object(Bucket=bucket, Key="same", CopySource=source)
    CLIENT.copy_object(Bucket=bucket, Key="other", CopySource=source, TaggingDirective="REPLACE", Tagging="c=3")
    equal((shown("same"), shown("other")), (tags[:1], [{"Key": "c", "Value": "3"}]))
    CLIENT.delete_object_tagging(Bucket=bucket, Key="k")
    equal(shown("k"), [])
    many = {"TagSet": [{"Key": str(number), "Value": "v"} for number in range(11)]}
    refused(400, "InvalidTag", CLIENT.put_object_tagging, Bucket=bucket, Key="k", Tagging=many)
    refused(404, "NoSuchKey", CLIENT.put_object_tagging, Bucket=bucket, Key="missing", Tagging={"TagSet": tags})
    refused(404, "NoSuchTagSet", CLIENT.get_bucket_tagging, Bucket=bucket)
    CLIENT.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    equal(CLIENT.get_bucket_tagging(Bucket=bucket)["TagSet"], tags)
    CLIENT.delete_bucket_tagging(Bucket=bucket)
    refused(404, "NoSuchTagSet", CLIENT.get_bucket_tagging, Bucket=bucket)


@step
def parts_and_attributes():
    bucket = fresh("parts")
    body = pattern(2 * PART + 777)
    CLIENT.put_object(Bucket=bucket, Key="source", Body=body)
    upload = CLIENT.create_multipart_upload(
        Bucket=bucket, Key="big", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT", Tagging="a=1",
        StorageClass="STANDARD_IA")["UploadId"]
    named = {"Bucket": bucket, "Key": "big", "UploadId": upload}
    first = CLIENT.upload_part(PartNumber=1, Body=body[:PART], ChecksumAlgorithm="CRC32", **named)
    source = {"CopySource": {"Bucket": bucket, "Key": "source"}, "CopySourceRange": f"bytes={PART}-{len(body) - 1}"}
    second = CLIENT.upload_part_copy(PartNumber=2, **source, **named)["CopyPartResult"]
    parts = [{"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]}
             for number, part in ((1, first), (2, second))]
    wrong = {"MultipartUpload": {"Parts": parts}, "ChecksumCRC32": "AAAAAA=="}
    refused(400, "BadDigest", CLIENT.complete_multipart_upload, **wrong, **named)
    crc = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    whole = {"MultipartUpload": {"Parts": parts}, "ChecksumCRC32": crc, "MpuObjectSize": len(body)}
    done = CLIENT.complete_multipart_upload(**whole, **named)
    equal((done["ChecksumCRC32"], done["ChecksumType"]), (crc, "FULL_OBJECT"))
    equal(CLIENT.complete_multipart_upload(**whole, **named)["ETag"], done["ETag"])
    equal(read(bucket, "big"), body)
    for number, expected in ((1, body[:PART]), (2, body[PART:])):
        got = CLIENT.get_object(Bucket=bucket, Key="big", PartNumber=number)
        equal((got["PartsCount"], got["Body"].read() == expected), (2, True))
    refused(400, "InvalidPart", CLIENT.get_object, Bucket=bucket, Key="big", PartNumber=3)
    # What was not put in parts is its own part 1, a range as every part, without a count.
    got = CLIENT.get_object(Bucket=bucket, Key="source", PartNumber=1)
    equal((got["ResponseMetadata"]["HTTPStatusCode"], got["ContentRange"], "PartsCount" in got),
          (206, f"bytes 0-{len(body) - 1}/{len(body)}", False))
    equal(got["Body"].read() == body, True)
    refused(400, "InvalidPart", CLIENT.get_object, Bucket=bucket, Key="source", PartNumber=2)
    found = CLIENT.get_object_attributes(Bucket=bucket, Key="big", ObjectAttributes=[
        "ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"])
    equal((found["ObjectSize"], found["StorageClass"], found["Checksum"]["ChecksumCRC32"]),
          (len(body), "STANDARD_IA", crc))
    equal([part["Size"] for part in found["ObjectParts"]["Parts"]], [PART, PART + 777])
    equal(CLIENT.get_object_tagging(Bucket=bucket, Key="big")["TagSet"], [{"Key": "a", "Value": "1"}])
    equal([found["StorageClass"] for found in CLIENT.list_objects_v2(Bucket=bucket)["Contents"]],
          ["STANDARD_IA", "STANDARD"])


@step
def conditions_of_changes():
    bucket = fresh("changes")
    named = {"Bucket": bucket, "Key": "k"}
    refused(404, "NoSuchKey", CLIENT.put_object, Body=b"x", IfMatch="*", **named)
    etag = CLIENT.put_object(Body=b"one", IfNoneMatch='"other"', **named)["ETag"]
    refused(412, "PreconditionFailed", CLIENT.put_object, Body=b"x", IfNoneMatch=etag, **named)
    CLIENT.put_object(Body=b"two", IfMatch="*", **named)
    refused(412, "PreconditionFailed", CLIENT.delete_object, IfMatch=etag, **named)
    doomed = {"Objects": [{"Key": "k", "ETag": etag}]}
    errors = CLIENT.delete_objects(Bucket=bucket, Delete=doomed)["Errors"]
    equal([(found["Key"], found["Code"]) for found in errors], [("k", "PreconditionFailed")])
    equal(read(**{"bucket": bucket, "key": "k"}), b"two")
    CLIENT.delete_object(IfMatch="*", **named)
    CLIENT.delete_object(IfMatch=etag, **named)
    refused(404, "NoSuchKey", CLIENT.get_object, **named)
    CLIENT.put_object(Body=b"x", WebsiteRedirectLocation="/there", StorageClass="GLACIER", **named)
    head = CLIENT.head_object(**named)
    equal((head["WebsiteRedirectLocation"], head["StorageClass"]), ("/there", "GLACIER"))


@step
def transfer_manager():
    bucket = fresh("transfer")
    with open(__file__, "rb") as file:
        own = file.read()
    CLIENT.upload_file(__file__, bucket, "file")
    equal(read(bucket, "file"), own)
    CLIENT.copy({"Bucket": bucket, "Key": "file"}, bucket, "copied")
    equal(read(bucket, "copied"), own)
    body = pattern(2 * PART + 99)
    CLIENT.upload_fileobj(io.BytesIO(body), bucket, "parts", Config=TransferConfig(multipart_threshold=PART, multipart_chunksize=PART))
    target = io.BytesIO()
    CLIENT.download_fileobj(bucket, "parts", target, Config=TransferConfig(multipart_threshold=PART, multipart_chunksize=PART))
    assert target.getvalue() == body


@step
def presigned():
    bucket = fresh("presigned")
    named = {"Bucket": bucket, "Key": ODD_KEYS[0]}
    url = CLIENT.generate_presigned_url("put_object", Params={**named, "ContentType": "text/p"})
    equal(requests.put(url, b"body", headers={"Content-Type": "text/p"}, timeout=60).status_code, 200)
    url = CLIENT.generate_presigned_url("get_object", Params={**named, "ResponseContentType": "text/q"})
    got = requests.get(url, timeout=60)
    equal((got.content, got.headers["Content-Type"]), (b"body", "text/q"))
    forged = url.replace("text%2Fq", "text%2Fz")
    assert forged != url
    answer = requests.get(forged, timeout=60)
    assert answer.status_code == 403 and "<Code>SignatureDoesNotMatch</Code>" in answer.text, answer.text


@step
def form_uploads():
    bucket = fresh("forms")
    post = CLIENT.generate_presigned_post(
        bucket, "up/${filename}", Fields={"Content-Type": "text/f", "x-amz-meta-a": "1", "success_action_status": "201"},
        Conditions=[{"Content-Type": "text/f"}, {"x-amz-meta-a": "1"}, {"success_action_status": "201"},
                    ["content-length-range", 1, 300_000]])
    body = pattern(200_000)
    send = lambda fields, body: requests.post(post["url"], data=fields, files={"file": ("name.bin", body)}, timeout=60)
    answer = send(post["fields"], body)
    assert answer.status_code == 201 and "<Key>up/name.bin</Key>" in answer.text, answer.text
    got = CLIENT.get_object(Bucket=bucket, Key="up/name.bin")
    equal((got["Body"].read() == body, got["ContentType"], got["Metadata"]), (True, "text/f", {"a": "1"}))
    for fields, sent, code in (
        ({**post["fields"], "x-amz-meta-a": "2"}, body, "AccessDenied"),
        ({**post["fields"], "x-amz-meta-b": "2"}, body, "AccessDenied"),
        ({**post["fields"], "x-amz-signature": "0" * 64}, body, "SignatureDoesNotMatch"),
        (post["fields"], pattern(300_001), "EntityTooLarge"),
        (post["fields"], b"", "EntityTooSmall"),
    ):
        answer = send(fields, sent)
        assert f"<Code>{code}</Code>" in answer.text, (code, answer.status_code, answer.text)
    equal(CLIENT.list_objects_v2(Bucket=bucket)["KeyCount"], 1)


@step
def cors():
    bucket = fresh("cors")
    refused(404, "NoSuchCORSConfiguration", CLIENT.get_bucket_cors, Bucket=bucket)
    rule = {"AllowedOrigins": ["http://*.a.test"], "AllowedMethods": ["GET"], "AllowedHeaders": ["x-amz-*"],
            "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60}
    CLIENT.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    equal(CLIENT.get_bucket_cors(Bucket=bucket)["CORSRules"], [rule])
    CLIENT.put_object(Bucket=bucket, Key="k", Body=b"body")
    url = CLIENT.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    origin = {"Origin": "http://x.a.test"}
    asked = {**origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "X-Amz-Date"}
    answer = requests.options(url, headers=asked, timeout=60)
    equal((answer.status_code, answer.headers["Access-Control-Allow-Origin"]), (200, "http://x.a.test"))
    equal(requests.options(url, headers={**asked, "Origin": "http://b.test"}, timeout=60).status_code, 403)
    equal(requests.options(url, timeout=60).status_code, 400)
    answer = requests.get(url, headers=origin, timeout=60)
    equal((answer.content, answer.headers["Access-Control-Expose-Headers"]), (b"body", "ETag"))
    assert "Access-Control-Allow-Origin" not in requests.get(url, headers={"Origin": "http://b.test"}, timeout=60).headers
    CLIENT.delete_bucket_cors(Bucket=bucket)
    refused(404, "NoSuchCORSConfiguration", CLIENT.get_bucket_cors, Bucket=bucket)


@step
def settings_nobody_made():
    bucket = fresh("unset")
    assert "LoggingEnabled" not in CLIENT.get_bucket_logging(Bucket=bucket)
    assert "Status" not in CLIENT.get_bucket_versioning(Bucket=bucket)
    assert "QueueConfigurations" not in CLIENT.get_bucket_notification_configuration(Bucket=bucket)
    equal(CLIENT.get_bucket_request_payment(Bucket=bucket)["Payer"], "BucketOwner")
    CLIENT.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    equal(CLIENT.get_bucket_request_payment(Bucket=bucket)["Payer"], "Requester")
    refused(404, "ServerSideEncryptionConfigurationNotFoundError", CLIENT.get_bucket_encryption, Bucket=bucket)


def default_encryption(algorithm):
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}]}


@step
def encryption():
    bucket = fresh("encryption")
    body = pattern(2 * PART)
    aes = {"ServerSideEncryption": "AES256"}
    equal(CLIENT.put_object(Bucket=bucket, Key="k", Body=body, **aes)["ServerSideEncryption"], "AES256")
    found = CLIENT.get_object(Bucket=bucket, Key="k", Range="bytes=65519-65521")
    equal((found["ServerSideEncryption"], found["Body"].read()), ("AES256", body[65519:65522]))
    equal(read(bucket, "k"), body)
    assert "ServerSideEncryption" not in CLIENT.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k")
    equal(CLIENT.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k", **aes)["ServerSideEncryption"], "AES256")
    refused(501, "NotImplemented", CLIENT.put_object, Bucket=bucket, Key="k", ServerSideEncryption="aws:kms")
    configuration = default_encryption("aws:kms")
    refused(501, "NotImplemented", CLIENT.put_bucket_encryption, Bucket=bucket,
            ServerSideEncryptionConfiguration=configuration)

    configuration = default_encryption("AES256")
    CLIENT.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=configuration)
    told = CLIENT.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    equal(told["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "AES256"})
    CLIENT.upload_fileobj(io.BytesIO(body), bucket, "large", Config=TransferConfig(multipart_threshold=PART))
    equal(CLIENT.head_object(Bucket=bucket, Key="large")["ServerSideEncryption"], "AES256")
    equal(read(bucket, "large"), body)
    CLIENT.delete_bucket_encryption(Bucket=bucket)
    assert "ServerSideEncryption" not in CLIENT.put_object(Bucket=bucket, Key="clear", Body=b"c")
    equal(read(bucket, "large"), body)


@step
def encryption_by_the_customer():
    # The SDK sends such keys over TLS alone.
    if not sdk.ENDPOINT.startswith("https:"):
        return
    bucket = fresh("sse-c")
    body = pattern(2 * PART)
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": pattern(32)}
    other = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": pattern(32, 2)}
    assert CLIENT.put_object(Bucket=bucket, Key="k", Body=body, **key)["SSECustomerKeyMD5"]
    equal(read(bucket, "k", **key), body)
    refused(400, "InvalidRequest", CLIENT.get_object, Bucket=bucket, Key="k")
    refused(400, "InvalidRequest", CLIENT.get_object, Bucket=bucket, Key="k", **other)
    refused(400, "400", CLIENT.head_object, Bucket=bucket, Key="k")
    CLIENT.upload_fileobj(io.BytesIO(body), bucket, "large", ExtraArgs=key, Config=TransferConfig(multipart_threshold=PART))
    equal(read(bucket, "large", **key), body)
    source = {f"CopySource{name}": value for name, value in key.items()}
    CLIENT.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/large", **source, **other)
    equal(read(bucket, "copy", **other), body)
    # Ranges beside each other, each with the key.
    target = io.BytesIO()
    CLIENT.download_fileobj(bucket, "large", target, ExtraArgs=key, Config=TransferConfig(multipart_threshold=PART))
    equal(target.getvalue(), body)
    equal(read(bucket, "large", Range="bytes=65519-65521", **key), body[65519:65522])
    attributes = ["ETag", "ObjectSize"]
    # The SDK encodes keys for all operations but this one.
    spelled = lambda key: {**key, "SSECustomerKey": base64.b64encode(key["SSECustomerKey"]).decode(),
                           "SSECustomerKeyMD5": base64.b64encode(hashlib.md5(key["SSECustomerKey"]).digest()).decode()}
    told = CLIENT.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=attributes, **spelled(key))
    equal(told["ObjectSize"], len(body))
    for wrong in ({}, spelled(other)):
        refused(400, "InvalidRequest", CLIENT.get_object_attributes, Bucket=bucket, Key="k",
                ObjectAttributes=attributes, **wrong)
    upload = CLIENT.create_multipart_upload(Bucket=bucket, Key="parts", **key)
    equal(upload["SSECustomerAlgorithm"], "AES256")
    of_part = {"Bucket": bucket, "Key": "parts", "UploadId": upload["UploadId"], "PartNumber": 1}
    for wrong in ({}, other):
        refused(400, "InvalidRequest", CLIENT.upload_part, Body=b"x", **of_part, **wrong)
    part = CLIENT.upload_part_copy(CopySource=f"{bucket}/copy", **of_part, **key,
                                   **{f"CopySource{name}": value for name, value in other.items()})
    done = {"Parts": [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]}
    CLIENT.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload["UploadId"], MultipartUpload=done)
    equal(read(bucket, "parts", **key), body)


@step
def encryption_by_the_customer_in_forms():
    if not sdk.ENDPOINT.startswith("https:"):
        return
    bucket = fresh("sse-c-forms")
    secret = pattern(32)
    encoded = lambda value: base64.b64encode(value).decode()
    prefix = "x-amz-server-side-encryption-customer-"
    fields = {prefix + "algorithm": "AES256", prefix + "key": encoded(secret),
              prefix + "key-MD5": encoded(hashlib.md5(secret).digest()), "success_action_status": "201"}
    post = CLIENT.generate_presigned_post(bucket, "form", Fields=fields,
                                          Conditions=[{name: value} for name, value in fields.items()])
    send = lambda **changed: requests.post(post["url"], data={**post["fields"], **changed},
                                           files={"file": ("f", b"form body")}, timeout=60)
    answer = send()
    equal(answer.status_code, 201)
    equal((answer.headers[prefix + "algorithm"], answer.headers[prefix + "key-MD5"]),
          ("AES256", fields[prefix + "key-MD5"]))
    refused(400, "InvalidRequest", CLIENT.get_object, Bucket=bucket, Key="form")
    equal(read(bucket, "form", SSECustomerAlgorithm="AES256", SSECustomerKey=secret), b"form body")
    # Another key than the policy's: refused, and neither of the two is in the answer.
    other = encoded(pattern(32, 2))
    answer = send(**{prefix + "key": other})
    assert answer.status_code == 403 and "<Code>AccessDenied</Code>" in answer.text, answer.text
    assert fields[prefix + "key"] not in answer.text and other not in answer.text, answer.text

    # A URL that is signed for a key needs its headers, and does not hold the key.
    named = {"Bucket": bucket, "Key": "form", "SSECustomerAlgorithm": "AES256", "SSECustomerKey": secret}
    url = CLIENT.generate_presigned_url("get_object", Params=named)
    assert encoded(secret) not in urllib.parse.unquote(url), url
    headers = {name: value for name, value in fields.items() if name.startswith(prefix)}
    equal(requests.get(url, headers=headers, timeout=60).content, b"form body")
    assert not requests.get(url, timeout=60).ok


@step
def access():
    bucket = fresh("access")
    CLIENT.put_object(Bucket=bucket, Key="k", Body=b"body")
    url = f"{sdk.ENDPOINT}/{bucket}/k"
    equal(requests.get(url, timeout=60).status_code, 403)
    CLIENT.put_bucket_acl(Bucket=bucket, ACL="public-read")
    equal(requests.get(url, timeout=60).status_code, 403)  # the list of a bucket says nothing about its objects
    CLIENT.put_object_acl(Bucket=bucket, Key="k", ACL="public-read")
    grants = CLIENT.get_bucket_acl(Bucket=bucket)["Grants"]
    everybody = [grant["Permission"] for grant in grants if grant["Grantee"].get("URI", "").endswith("/AllUsers")]
    equal(everybody, ["READ"])
    equal(requests.get(url, timeout=60).content, b"body")
    CLIENT.put_bucket_acl(Bucket=bucket, ACL="private")
    CLIENT.put_object_acl(Bucket=bucket, Key="k", ACL="private")
    equal(requests.get(url, timeout=60).status_code, 403)


@step
def website():
    bucket = fresh("website")
    document = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"}}
    CLIENT.put_bucket_website(Bucket=bucket, WebsiteConfiguration=document)
    got = CLIENT.get_bucket_website(Bucket=bucket)
    equal((got["IndexDocument"], got["ErrorDocument"]), (document["IndexDocument"], document["ErrorDocument"]))
    CLIENT.delete_bucket_website(Bucket=bucket)
    refused(404, "NoSuchWebsiteConfiguration", CLIENT.get_bucket_website, Bucket=bucket)


@step
def refusals():
    bucket = fresh("refusals")
    refused(400, "KeyTooLongError", CLIENT.put_object, Bucket=bucket, Key="k" * 1025, Body=b"x")
    wrong = base64.b64encode(b"0" * 16).decode()
    refused(400, "BadDigest", CLIENT.put_object, Bucket=bucket, Key="k", Body=b"x", ContentMD5=wrong)
    refused(400, "InvalidDigest", CLIENT.put_object, Bucket=bucket, Key="k", Body=b"x", ContentMD5="no")


step.run()
