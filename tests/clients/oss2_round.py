"""A round with Alibaba's first Python SDK. SIGN: v1 or v4."""

import base64
import datetime
import hmac
import json
import os
import time

import oss2
import requests

import sdk
from steps import ODD_KEYS, Steps, equal, pattern

step = Steps()
SIGN = os.environ["SIGN"]
AUTH = {"v1": oss2.Auth, "v4": oss2.AuthV4}[SIGN](sdk.KEY_ID, sdk.SECRET)
PART = 100 * 1024


def bucket_of(name, auth=AUTH):
    return oss2.Bucket(auth, sdk.ENDPOINT, name, region=sdk.REGION)


def fresh(name, acl=oss2.BUCKET_ACL_PRIVATE):
    """A new bucket, named after the step and the signature so that rounds do not meet."""
    bucket = bucket_of(f"oss2-{SIGN}-{name}")
    bucket.create_bucket(acl)
    return bucket


def refused(status, code, function, *arguments, **named):
    try:
        function(*arguments, **named)
    except oss2.exceptions.OssError as error:
        equal((error.status, error.code), (status, code))
        assert len(error.request_id) == 24, error.request_id
        return error
    raise AssertionError(f"not refused with {status} {code}")


@step
def bucket_life_cycle():
    bucket = fresh("life")
    service = oss2.Service(AUTH, sdk.ENDPOINT, region=sdk.REGION)
    assert bucket.bucket_name in [found.name for found in oss2.BucketIterator(service)]
    info = bucket.get_bucket_info()
    equal((info.name, info.acl.grant), (bucket.bucket_name, "private"))
    assert info.location.endswith(sdk.REGION), info.location
    assert bucket.get_bucket_location().location.endswith(sdk.REGION)
    bucket.create_bucket(oss2.BUCKET_ACL_PRIVATE)
    bucket.put_object("k", b"1")
    refused(409, "BucketNotEmpty", bucket.delete_bucket)
    bucket.delete_object("k")
    bucket.delete_bucket()
    refused(404, "NoSuchBucket", bucket.get_bucket_info)
    refused(404, "NoSuchBucket", bucket.put_object, "k", b"1")
    refused(404, "NoSuchBucket", bucket.delete_bucket)


@step
def objects_and_metadata():
    bucket = fresh("objects")
    body = pattern(200_000)
    headers = {
        "Content-Type": "text/x-test; charset=utf-8",
        "Cache-Control": "max-age=5",
        "Content-Disposition": "attachment; filename=a.txt",
        "Content-Encoding": "identity",
        "Content-Language": "de",
        "Expires": "Wed, 21 Oct 2026 07:28:00 GMT",
        "x-oss-meta-author": "alice",
        "x-oss-meta-empty": "",
    }
    put = bucket.put_object("k", body, headers=headers)
    got = bucket.get_object("k")
    equal(got.read(), body)
    equal(got.etag, put.etag)
    equal(got.headers["x-oss-object-type"], "Normal")
    equal(got.server_crc, put.crc)
    for name, value in headers.items():
        equal(got.headers[name], value)
    head = bucket.head_object("k")
    equal((head.content_length, head.etag, head.headers["x-oss-meta-author"]), (len(body), put.etag, "alice"))
    meta = bucket.get_object_meta("k")
    equal((meta.content_length, meta.etag), (len(body), put.etag))
    assert bucket.object_exists("k") and not bucket.object_exists("missing")
    shaped = bucket.get_object("k", params={"response-content-type": "text/y", "response-cache-control": "no-store"})
    equal((shaped.headers["Content-Type"], shaped.headers["Cache-Control"]), ("text/y", "no-store"))
    bucket.put_object("k", b"")
    equal(bucket.get_object("k").read(), b"")
    assert "x-oss-meta-author" not in bucket.head_object("k").headers
    equal(bucket.delete_object("k").status, 204)
    equal(bucket.delete_object("k").status, 204)
    refused(404, "NoSuchKey", bucket.get_object, "k")
    refused(404, "NoSuchKey", bucket.get_object_meta, "k")
    error = refused(404, "NoSuchKey", bucket.head_object, "k")
    equal(error.ec, "0026-00000001")


@step
def ranges():
    bucket = fresh("ranges")
    body = pattern(100_000)
    bucket.put_object("k", body)
    equal(bucket.get_object("k", byte_range=(10, 19)).read(), body[10:20])
    equal(bucket.get_object("k", byte_range=(99_990, None)).read(), body[99_990:])
    equal(bucket.get_object("k", byte_range=(None, 7)).read(), body[-7:])
    outside = bucket.get_object("k", byte_range=(100_000, 100_010))
    equal((outside.status, outside.read()), (200, body))
    standard = {"x-oss-range-behavior": "standard"}
    refused(416, "InvalidRange", bucket.get_object, "k", byte_range=(100_000, 100_010), headers=standard)


@step
def conditions():
    bucket = fresh("conditions")
    etag = bucket.put_object("k", b"body").etag
    past, future = "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2099 07:28:00 GMT"
    for name, value in [("If-Match", f'"{etag}"'), ("If-None-Match", '"x"'), ("If-Unmodified-Since", future)]:
        equal(bucket.get_object("k", headers={name: value}).read(), b"body")
    for name, value in [("If-None-Match", f'"{etag}"'), ("If-Modified-Since", future)]:
        try:
            bucket.get_object("k", headers={name: value})
            raise AssertionError(name)
        except oss2.exceptions.NotModified as error:
            equal(error.status, 304)
    for name, value in [("If-Match", '"x"'), ("If-Unmodified-Since", past)]:
        refused(412, "PreconditionFailed", bucket.get_object, "k", headers={name: value})


@step
def overwriting():
    bucket = fresh("overwriting")
    keep = {"x-oss-forbid-overwrite": "true"}
    bucket.put_object("k", b"first", headers=keep)
    refused(409, "FileAlreadyExists", bucket.put_object, "k", b"second", headers=keep)
    refused(409, "FileAlreadyExists", bucket.copy_object, bucket.bucket_name, "k", "k", headers=keep)
    upload = bucket.init_multipart_upload("k")
    part = bucket.upload_part("k", upload.upload_id, 1, b"part")
    parts = [oss2.models.PartInfo(1, part.etag)]
    refused(409, "FileAlreadyExists", bucket.complete_multipart_upload, "k", upload.upload_id, parts, headers=keep)
    equal(bucket.get_object("k").read(), b"first")


@step
def odd_keys():
    bucket = fresh("odd")
    for key in ODD_KEYS:
        bucket.put_object(key, key.encode())
        equal(bucket.get_object(key).read(), key.encode())
        equal(bucket.head_object(key).content_length, len(key.encode()))
    equal(sorted(found.key for found in oss2.ObjectIterator(bucket)), sorted(ODD_KEYS))
    equal(sorted(found.key for found in oss2.ObjectIteratorV2(bucket)), sorted(ODD_KEYS))
    deleted = bucket.batch_delete_objects(ODD_KEYS)
    equal(sorted(deleted.deleted_keys), sorted(ODD_KEYS))
    equal(list(oss2.ObjectIterator(bucket)), [])


@step
def listing():
    bucket = fresh("listing")
    keys = [f"d{number // 10}/f{number:03}" for number in range(40)] + ["root-a", "root-b"]
    for key in keys:
        bucket.put_object(key, b"x" * len(key))
    for iterator in (oss2.ObjectIterator, oss2.ObjectIteratorV2):
        found = list(iterator(bucket, max_keys=7))
        equal([entry.key for entry in found], sorted(keys))
        equal([entry.size for entry in found], [len(key) for key in sorted(keys)])
        found = list(iterator(bucket, delimiter="/", max_keys=3))
        equal([entry.key for entry in found], ["d0/", "d1/", "d2/", "d3/", "root-a", "root-b"])
        equal([entry.is_prefix() for entry in found], [True] * 4 + [False] * 2)
        equal([entry.key for entry in iterator(bucket, prefix="d2/", max_keys=4)], keys[20:30])
    page = bucket.list_objects(prefix="d1/", marker="d1/f014", max_keys=3)
    equal([entry.key for entry in page.object_list], ["d1/f015", "d1/f016", "d1/f017"])
    assert page.is_truncated and page.next_marker == "d1/f017"
    page = bucket.list_objects_v2(start_after="root-a", fetch_owner=True)
    equal([entry.key for entry in page.object_list], ["root-b"])
    assert page.object_list[0].owner.id
    refused(400, "InvalidArgument", bucket.list_objects, max_keys=1001)


@step
def versions():
    bucket = fresh("versions")
    for key in ("a", "d/1", "d/2", "z"):
        bucket.put_object(key, b"x")
    page = bucket.list_object_versions(max_keys=2)
    equal([(found.key, found.versionid, found.is_latest) for found in page.versions],
          [("a", "null", True), ("d/1", "null", True)])
    equal((page.is_truncated, page.next_key_marker), (True, "d/1"))
    rest = bucket.list_object_versions(key_marker=page.next_key_marker, versionid_marker="null")
    equal([found.key for found in rest.versions], ["d/2", "z"])
    collapsed = bucket.list_object_versions(delimiter="/")
    equal((list(collapsed.common_prefix), [found.key for found in collapsed.versions]), (["d/"], ["a", "z"]))


@step
def multi_delete():
    bucket = fresh("multi-delete")
    for key in ("a", "b", "c"):
        bucket.put_object(key, b"1")
    equal(sorted(bucket.batch_delete_objects(["a", "c", "missing"]).deleted_keys), ["a", "c", "missing"])
    equal([found.key for found in oss2.ObjectIterator(bucket)], ["b"])


@step
def copies():
    source, target = fresh("copy-source"), fresh("copy-target")
    body = pattern(300_000)
    key = ODD_KEYS[0]
    etag = source.put_object(key, body, headers={"Content-Type": "text/a", "x-oss-meta-a": "1"}).etag
    equal(target.copy_object(source.bucket_name, key, "copy").etag, etag)
    got = target.get_object("copy")
    equal((got.read(), got.headers["Content-Type"], got.headers["x-oss-meta-a"]), (body, "text/a", "1"))
    replace = {"x-oss-metadata-directive": "REPLACE", "Content-Type": "text/b", "x-oss-meta-b": "2"}
    target.copy_object(source.bucket_name, key, "copy", headers=replace)
    got = target.head_object("copy")
    equal((got.headers["Content-Type"], got.headers["x-oss-meta-b"]), ("text/b", "2"))
    assert "x-oss-meta-a" not in got.headers
    source.update_object_meta(key, {"x-oss-meta-c": "3"})
    equal(source.head_object(key).headers["x-oss-meta-c"], "3")
    refused(404, "NoSuchKey", target.copy_object, source.bucket_name, "missing", "copy")
    refused(412, "PreconditionFailed", target.copy_object, source.bucket_name, key, "x",
            headers={"x-oss-copy-source-if-match": "nope"})


@step
def multipart():
    bucket = fresh("multipart")
    body = pattern(2 * PART + 12_345)
    upload = bucket.init_multipart_upload("big", headers={"Content-Type": "text/m", "x-oss-meta-m": "1"}).upload_id
    equal([found.upload_id for found in oss2.MultipartUploadIterator(bucket)], [upload])
    parts = []
    for number in (3, 1, 2):
        piece = body[(number - 1) * PART:number * PART]
        etag = bucket.upload_part("big", upload, number, piece).etag
        parts.append(oss2.models.PartInfo(number, etag, size=len(piece)))
    listed = list(oss2.PartIterator(bucket, "big", upload, max_parts=2))
    equal([(part.part_number, part.size) for part in listed], [(1, PART), (2, PART), (3, 12_345)])
    refused(404, "NoSuchKey", bucket.get_object, "big")
    wrong = [oss2.models.PartInfo(1, "0" * 32)]
    refused(400, "InvalidPart", bucket.complete_multipart_upload, "big", upload, wrong)
    done = bucket.complete_multipart_upload("big", upload, sorted(parts, key=lambda part: part.part_number))
    assert done.etag.endswith("-3"), done.etag
    got = bucket.get_object("big")
    equal(got.read(), body)
    equal((got.headers["x-oss-object-type"], got.headers["Content-Type"]), ("Multipart", "text/m"))
    equal(got.headers["x-oss-meta-m"], "1")
    equal(bucket.get_object("big", byte_range=(PART - 5, PART + 4)).read(), body[PART - 5:PART + 5])
    refused(404, "NoSuchUpload", bucket.upload_part, "big", upload, 1, b"late")
    aborted = bucket.init_multipart_upload("other").upload_id
    bucket.upload_part("other", aborted, 1, b"part")
    bucket.abort_multipart_upload("other", aborted)
    refused(404, "NoSuchUpload", bucket.list_parts, "other", aborted)
    equal(list(oss2.MultipartUploadIterator(bucket)), [])


@step
def tagging():
    bucket = fresh("tagging")
    bucket.put_object("k", b"body", headers={"x-oss-tagging": "a=1&b=%2B"})
    shown = lambda key: dict(bucket.get_object_tagging(key).tag_set.tagging_rule)
    equal(shown("k"), {"a": "1", "b": "+"})
    equal(bucket.head_object("k").headers["x-oss-tagging-count"], "2")
    rule = oss2.models.TaggingRule()
    rule.add("键", "+-.:/ _")
    bucket.put_object_tagging("k", oss2.models.Tagging(rule))
    equal(shown("k"), {"键": "+-.:/ _"})
    headers = {"x-oss-tagging-directive": "REPLACE", "x-oss-tagging": "c=3"}
    bucket.copy_object(bucket.bucket_name, "k", "other", headers=headers)
    bucket.copy_object(bucket.bucket_name, "k", "same")
    equal((shown("other"), shown("same")), ({"c": "3"}, {"键": "+-.:/ _"}))
    bucket.delete_object_tagging("k")
    equal((shown("k"), bucket.get_object("k").read()), ({}, b"body"))
    many = {"x-oss-tagging": "&".join(f"k{number}=v" for number in range(11))}
    refused(400, "InvalidTag", bucket.put_object, "k", b"x", headers=many)
    equal(len(bucket.get_bucket_tagging().tag_set.tagging_rule), 0)
    bucket.put_bucket_tagging(oss2.models.Tagging(rule))
    equal(dict(bucket.get_bucket_tagging().tag_set.tagging_rule), {"键": "+-.:/ _"})
    bucket.delete_bucket_tagging()
    equal(len(bucket.get_bucket_tagging().tag_set.tagging_rule), 0)


@step
def part_copies():
    bucket = fresh("part-copies")
    body = pattern(3 * PART)
    bucket.put_object("source", body, headers={"x-oss-storage-class": "IA"})
    equal(bucket.head_object("source").headers["x-oss-storage-class"], "IA")
    upload = bucket.init_multipart_upload("k", headers={"x-oss-tagging": "a=1"}).upload_id
    name = bucket.bucket_name
    parts = [oss2.models.PartInfo(1, bucket.upload_part_copy(name, "source", (PART, 2 * PART - 1), "k", upload, 1).etag),
             oss2.models.PartInfo(2, bucket.upload_part_copy(name, "source", None, "k", upload, 2).etag)]
    bucket.complete_multipart_upload("k", upload, parts)
    equal(bucket.get_object("k").read(), body[PART:2 * PART] + body)
    equal(dict(bucket.get_object_tagging("k").tag_set.tagging_rule), {"a": "1"})


@step
def form_uploads():
    bucket = fresh("forms")
    now = datetime.datetime.now(datetime.timezone.utc)
    document = {"expiration": (now + datetime.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "conditions": [{"bucket": bucket.bucket_name}, ["starts-with", "$key", "up/"],
                               ["in", "$content-type", ["text/f"]], ["content-length-range", 1, 100_000]]}
    policy = base64.b64encode(json.dumps(document).encode())
    fields = {"key": "up/${filename}", "policy": policy.decode(), "content-type": "text/f", "x-oss-meta-a": "1"}
    if SIGN == "v1":
        signature = base64.b64encode(hmac.new(sdk.SECRET.encode(), policy, "sha1").digest()).decode()
        fields |= {"OSSAccessKeyId": sdk.KEY_ID, "Signature": signature}
    else:
        scope = [now.strftime("%Y%m%d"), sdk.REGION, "oss", "aliyun_v4_request"]
        key = b"aliyun_v4" + sdk.SECRET.encode()
        for word in scope:
            key = hmac.new(key, word.encode(), "sha256").digest()
        fields |= {"x-oss-signature-version": "OSS4-HMAC-SHA256", "x-oss-date": now.strftime("%Y%m%dT%H%M%SZ"),
                   "x-oss-credential": "/".join([sdk.KEY_ID, *scope]),
                   "x-oss-signature": hmac.new(key, policy, "sha256").hexdigest()}
    url = f"{sdk.ENDPOINT}/{bucket.bucket_name}" if not sdk.DOMAIN else sdk.ENDPOINT.replace("//", f"//{bucket.bucket_name}.")
    send = lambda fields, body: requests.post(url, data=fields, files={"file": ("name.bin", body)}, timeout=60)
    equal(send(fields, b"body").status_code, 204)
    got = bucket.get_object("up/name.bin")
    equal((got.read(), got.headers["Content-Type"], got.headers["x-oss-meta-a"]), (b"body", "text/f", "1"))
    for changed, body, code in (
        ({**fields, "key": "elsewhere"}, b"body", "AccessDenied"),
        ({**fields, "content-type": "text/g"}, b"body", "AccessDenied"),
        ({**fields, "policy": policy.decode()[:-8] + "AAAA" + "AAA="}, b"body", "SignatureDoesNotMatch"),
        (fields, pattern(100_001), "EntityTooLarge"),
    ):
        answer = send(changed, body)
        assert f"<Code>{code}</Code>" in answer.text, (code, answer.status_code, answer.text)


@step
def cors():
    bucket = fresh("cors")
    refused(404, "NoSuchCORSConfiguration", bucket.get_bucket_cors)
    rule = oss2.models.CorsRule(allowed_origins=["*"], allowed_methods=["GET", "HEAD"], allowed_headers=["*"],
                                expose_headers=["x-oss-request-id"], max_age_seconds=100)
    bucket.put_bucket_cors(oss2.models.BucketCors([rule]))
    found = bucket.get_bucket_cors().rules[0]
    equal((found.allowed_origins, found.allowed_methods, found.max_age_seconds), (["*"], ["GET", "HEAD"], 100))
    bucket.put_object("k", b"body")
    answer = requests.get(bucket.sign_url("GET", "k", 60), headers={"Origin": "http://a.test"}, timeout=60)
    equal((answer.content, answer.headers["Access-Control-Allow-Origin"]), (b"body", "*"))
    bucket.delete_bucket_cors()
    refused(404, "NoSuchCORSConfiguration", bucket.get_bucket_cors)


@step
def appending():
    bucket = fresh("append")
    whole = b""
    for piece in (b"first", pattern(200_000), b"", pattern(70_000, 2)):
        answer = bucket.append_object("log", len(whole), piece, init_crc=oss2.utils.Crc64(0).crc if not whole else crc)
        whole += piece
        crc = answer.crc
        equal(answer.next_position, len(whole))
    equal(bucket.get_object("log").read(), whole)
    equal(bucket.head_object("log").object_type, "Appendable")
    try:
        bucket.append_object("log", 3, b"x")
        raise AssertionError("not refused")
    except oss2.exceptions.PositionNotEqualToLength as error:
        equal((error.status, error.next_position), (409, len(whole)))
    bucket.put_object("k", b"x")
    refused(409, "ObjectNotAppendable", bucket.append_object, "k", 1, b"y")
    bucket.copy_object(bucket.bucket_name, "log", "copy")
    equal((bucket.get_object("copy").read(), bucket.head_object("copy").object_type), (whole, "Normal"))


@step
def symlinks():
    bucket = fresh("symlinks")
    target = ODD_KEYS[0]
    etag = bucket.put_object(target, b"hello").etag
    bucket.put_symlink(target, "link", headers={"x-oss-meta-a": "1"})
    equal(bucket.get_symlink("link").target_key, target)
    equal(bucket.get_object("link").read(), b"hello")
    head = bucket.head_object("link")
    equal((head.etag, head.content_length, head.headers["x-oss-meta-a"], head.object_type), (etag, 5, "1", "Symlink"))
    equal([found.type for found in bucket.list_objects(prefix="link").object_list], ["Symlink"])
    refused(400, "NotSymlink", bucket.get_symlink, target)
    bucket.delete_object(target)
    refused(404, "SymlinkTargetNotExist", bucket.get_object, "link")


@step
def settings_and_counts():
    bucket = fresh("settings")
    bucket.put_object("a", b"12345")
    bucket.put_object("b", b"678", headers={"x-oss-storage-class": "IA"})
    bucket.init_multipart_upload("open")
    stat = bucket.get_bucket_stat()
    equal((stat.object_count, stat.storage_size_in_bytes, stat.multi_part_upload_count), (2, 8, 1))
    equal((stat.standard_storage, stat.infrequent_access_storage), (5, 3))
    equal(bucket.get_bucket_logging().target_bucket, "")
    bucket.put_bucket_request_payment("Requester")
    equal(bucket.get_bucket_request_payment().payer, "Requester")
    equal(bucket.list_live_channel().channels, [])
    assert not bucket.get_bucket_versioning().status


@step
def access():
    bucket = fresh("access")
    bucket.put_object("k", b"body")
    url = f"{sdk.ENDPOINT}/{bucket.bucket_name}/k"
    equal(requests.get(url, timeout=60).status_code, 403)
    bucket.put_bucket_acl(oss2.BUCKET_ACL_PUBLIC_READ)
    equal(bucket.get_bucket_acl().acl, "public-read")
    equal(requests.get(url, timeout=60).content, b"body")
    equal(requests.put(url, b"x", timeout=60).status_code, 403)
    bucket.put_bucket_acl(oss2.BUCKET_ACL_PUBLIC_READ_WRITE)
    equal(requests.put(url, b"x", timeout=60).status_code, 200)
    equal(bucket.get_object("k").read(), b"x")
    anonymous = bucket_of(bucket.bucket_name, oss2.AnonymousAuth())
    equal(anonymous.get_object("k").read(), b"x")


@step
def presigned():
    bucket = fresh("presigned")
    put = bucket.sign_url("PUT", ODD_KEYS[0], 60, slash_safe=True, headers={"Content-Type": "text/p"})
    equal(requests.put(put, b"body", headers={"Content-Type": "text/p"}, timeout=60).status_code, 200)
    got = requests.get(bucket.sign_url("GET", ODD_KEYS[0], 60, slash_safe=True), timeout=60)
    equal((got.content, got.headers["Content-Type"]), (b"body", "text/p"))
    equal(requests.get(put, timeout=60).status_code, 403)
    url = bucket.sign_url("GET", ODD_KEYS[0], 60, params={"response-content-type": "text/q"})
    equal(requests.get(url, timeout=60).headers["Content-Type"], "text/q")


@step
def website():
    bucket = fresh("website")
    rule = oss2.models.RoutingRule(
        rule_num=1,
        condition=oss2.models.Condition(key_prefix_equals="examplefolder/", http_err_code_return_equals=404),
        redirect=oss2.models.Redirect(
            redirect_type="Mirror",
            mirror_url="https://www.example.com/",
            pass_query_string=True,
            mirror_check_md5=True,
            mirror_headers=oss2.models.RedirectMirrorHeaders(
                pass_all=False, pass_list=["aaa"], remove_list=["bbb"],
                set_list=[oss2.models.MirrorHeadersSet("ccc", "ccc")]),
        ),
    )
    bucket.put_bucket_website(oss2.models.BucketWebsite("index.html", "error.html", [rule]))
    got = bucket.get_bucket_website()
    equal((got.index_file, got.error_file), ("index.html", "error.html"))
    [found] = got.rules
    equal((found.rule_num, found.condition.key_prefix_equals), (1, "examplefolder/"))
    redirect = found.redirect
    equal((redirect.redirect_type, redirect.mirror_url), ("Mirror", "https://www.example.com/"))
    equal((redirect.pass_query_string, redirect.mirror_pass_query_string), (True, True))
    equal((redirect.mirror_check_md5, redirect.mirror_follow_redirect), (True, True))
    equal((redirect.mirror_headers.pass_list, redirect.mirror_headers.remove_list), (["aaa"], ["bbb"]))
    equal([(entry.key, entry.value) for entry in redirect.mirror_headers.set_list], [("ccc", "ccc")])
    bucket.delete_bucket_website()
    refused(404, "NoSuchWebsiteConfiguration", bucket.get_bucket_website)
    equal(bucket.delete_bucket_website().status, 204)


@step
def encryption():
    bucket = fresh("encryption")
    body = pattern(300_000)
    aes = {"x-oss-server-side-encryption": "AES256"}
    equal(bucket.put_object("k", body, headers=aes).headers["x-oss-server-side-encryption"], "AES256")
    found = bucket.get_object("k", byte_range=(65_519, 65_521))
    equal((found.headers["x-oss-server-side-encryption"], found.read()), ("AES256", body[65_519:65_522]))
    equal(bucket.get_object("k").read(), body)
    bucket.append_object("log", 0, body, headers=aes)
    bucket.append_object("log", len(body), b"more")
    equal(bucket.get_object("log").read(), body + b"more")
    refused(400, "NotImplemented", bucket.put_object, "k", body, headers={"x-oss-server-side-encryption": "KMS"})
    refused(404, "NoSuchServerSideEncryptionRule", bucket.get_bucket_encryption)
    rule = oss2.models.ServerSideEncryptionRule()
    rule.sse_algorithm = oss2.SERVER_SIDE_ENCRYPTION_AES256
    bucket.put_bucket_encryption(rule)
    equal(bucket.get_bucket_encryption().sse_algorithm, "AES256")
    equal(bucket.get_bucket_info().bucket_encryption_rule.sse_algorithm, "AES256")
    bucket.put_object("default", body)
    equal(bucket.head_object("default").headers["x-oss-server-side-encryption"], "AES256")
    equal(bucket.get_object("default").read(), body)
    bucket.delete_bucket_encryption()
    assert "x-oss-server-side-encryption" not in bucket.put_object("clear", body).headers


@step
def refusals():
    bucket = fresh("refusals")
    refused(400, "InvalidDigest", bucket.put_object, "k", b"body", headers={"Content-MD5": "bm8gZGlnZXN0"})
    refused(400, "InvalidObjectName", bucket.put_object, "k" * 1024, b"body")
    unknown = type(AUTH)("NOSUCHKEY", sdk.SECRET)
    refused(403, "InvalidAccessKeyId", bucket_of(bucket.bucket_name, unknown).get_object, "k")
    wrong = type(AUTH)(sdk.KEY_ID, "wrong-secret")
    error = refused(403, "SignatureDoesNotMatch", bucket_of(bucket.bucket_name, wrong).get_object, "k")
    equal(error.details["OSSAccessKeyId"], sdk.KEY_ID)
    expired = bucket.sign_url("GET", "k", 1)
    # The URL's only second must be over; nothing announces that.
    deadline = time.monotonic() + 30
    while requests.get(expired, timeout=60).status_code == 404 and time.monotonic() < deadline:
        time.sleep(0.2)
    answer = requests.get(expired, timeout=60)
    assert answer.status_code == 403 and "<Code>AccessDenied</Code>" in answer.text, answer.text


step.run()
