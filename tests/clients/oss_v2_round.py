"""A round with Alibaba's second Python SDK, which signs with V4."""

import base64
import datetime
import hashlib

import alibabacloud_oss_v2 as oss
import requests

import sdk
from steps import ODD_KEYS, Steps, equal, pattern

step = Steps()
CLIENT = sdk.oss_v2_client()
PART = 100 * 1024


def fresh(name, acl="private"):
    bucket = f"ossv2-{name}"
    CLIENT.put_bucket(oss.PutBucketRequest(bucket=bucket, acl=acl))
    return bucket


def put(bucket, key, body, **fields):
    return CLIENT.put_object(oss.PutObjectRequest(bucket=bucket, key=key, body=body, **fields))


def get(bucket, key, **fields):
    answer = CLIENT.get_object(oss.GetObjectRequest(bucket=bucket, key=key, **fields))
    with answer.body as body:
        return answer, body.read()


def refused(status, code, function, *arguments, **named):
    try:
        function(*arguments, **named)
    except oss.exceptions.OperationError as error:
        cause = error.unwrap()
        assert isinstance(cause, oss.exceptions.ServiceError), cause
        equal((cause.status_code, cause.code), (status, code))
        return cause
    raise AssertionError(f"not refused with {status} {code}")


@step
def bucket_life_cycle():
    bucket = fresh("life")
    names = [found.name for page in CLIENT.list_buckets_paginator().iter_page(oss.ListBucketsRequest(max_keys=2))
             for found in page.buckets]
    assert bucket in names and names == sorted(names)
    assert CLIENT.is_bucket_exist(bucket) and not CLIENT.is_bucket_exist("ossv2-missing")
    info = CLIENT.get_bucket_info(oss.GetBucketInfoRequest(bucket=bucket)).bucket_info
    equal((info.name, info.acl, info.block_public_access), (bucket, "private", False))
    location = CLIENT.get_bucket_location(oss.GetBucketLocationRequest(bucket=bucket)).location
    assert location.endswith(sdk.REGION), location
    put(bucket, "k", b"1")
    refused(409, "BucketNotEmpty", CLIENT.delete_bucket, oss.DeleteBucketRequest(bucket=bucket))
    CLIENT.delete_object(oss.DeleteObjectRequest(bucket=bucket, key="k"))
    CLIENT.delete_bucket(oss.DeleteBucketRequest(bucket=bucket))
    refused(404, "NoSuchBucket", CLIENT.get_bucket_info, oss.GetBucketInfoRequest(bucket=bucket))


@step
def objects_and_metadata():
    bucket = fresh("objects")
    body = pattern(300_000)
    stored = put(bucket, "k", body, content_type="text/x", cache_control="max-age=1", metadata={"author": "alice"},
                 content_md5=base64.b64encode(hashlib.md5(body).digest()).decode())
    answer, found = get(bucket, "k")
    equal(found, body)
    equal((answer.etag, answer.hash_crc64), (stored.etag, stored.hash_crc64))
    equal((answer.content_type, answer.cache_control, answer.metadata["author"]), ("text/x", "max-age=1", "alice"))
    head = CLIENT.head_object(oss.HeadObjectRequest(bucket=bucket, key="k"))
    equal((head.content_length, head.etag, head.metadata["author"]), (len(body), stored.etag, "alice"))
    meta = CLIENT.get_object_meta(oss.GetObjectMetaRequest(bucket=bucket, key="k"))
    equal((meta.content_length, meta.etag), (len(body), stored.etag))
    assert CLIENT.is_object_exist(bucket, "k") and not CLIENT.is_object_exist(bucket, "missing")
    equal(CLIENT.delete_object(oss.DeleteObjectRequest(bucket=bucket, key="k")).status_code, 204)
    error = refused(404, "NoSuchKey", get, bucket, "k")
    equal(error.ec, "0026-00000001")
    refused(404, "NoSuchKey", CLIENT.head_object, oss.HeadObjectRequest(bucket=bucket, key="k"))
    refused(404, "NoSuchBucket", put, "ossv2-no-such-bucket", "k", b"1")


@step
def ranges_and_conditions():
    bucket = fresh("ranges")
    body = pattern(50_000)
    etag = put(bucket, "k", body).etag
    answer, found = get(bucket, "k", range_header="bytes=100-199", range_behavior="standard")
    equal((answer.status_code, answer.content_range, found), (206, "bytes 100-199/50000", body[100:200]))
    equal(get(bucket, "k", range_header="bytes=-5")[1], body[-5:])
    equal(get(bucket, "k", range_header="bytes=60000-")[1], body)
    refused(416, "InvalidRange", get, bucket, "k", range_header="bytes=60000-", range_behavior="standard")
    equal(get(bucket, "k", if_match=etag)[1], body)
    refused(412, "PreconditionFailed", get, bucket, "k", if_match='"x"')
    try:
        get(bucket, "k", if_none_match=etag)
        raise AssertionError("not modified was expected")
    except oss.exceptions.OperationError as error:
        equal(error.unwrap().status_code, 304)


@step
def overwriting():
    bucket = fresh("overwriting")
    put(bucket, "k", b"first", forbid_overwrite=True)
    refused(409, "FileAlreadyExists", put, bucket, "k", b"second", forbid_overwrite=True)
    equal(get(bucket, "k")[1], b"first")


@step
def odd_keys():
    bucket = fresh("odd")
    for key in ODD_KEYS:
        put(bucket, key, key.encode())
        equal(get(bucket, key)[1], key.encode())
    pages = CLIENT.list_objects_v2_paginator().iter_page(oss.ListObjectsV2Request(bucket=bucket, max_keys=4))
    equal([found.key for page in pages for found in page.contents or []], sorted(ODD_KEYS, key=str.encode))
    doomed = [oss.DeleteObject(key=key) for key in ODD_KEYS]
    deleted = CLIENT.delete_multiple_objects(oss.DeleteMultipleObjectsRequest(bucket=bucket, objects=doomed))
    equal(sorted(found.key for found in deleted.deleted_objects), sorted(ODD_KEYS))
    equal(CLIENT.list_objects_v2(oss.ListObjectsV2Request(bucket=bucket)).key_count, 0)


@step
def listing():
    bucket = fresh("listing")
    keys = [f"d{number // 10}/f{number:03}" for number in range(30)] + ["root"]
    for key in keys:
        put(bucket, key, b"x")
    pages = CLIENT.list_objects_paginator().iter_page(oss.ListObjectsRequest(bucket=bucket, max_keys=7))
    equal([found.key for page in pages for found in page.contents or []], keys)
    pages = list(CLIENT.list_objects_v2_paginator().iter_page(
        oss.ListObjectsV2Request(bucket=bucket, delimiter="/", max_keys=2)))
    equal([found.prefix for page in pages for found in page.common_prefixes or []], ["d0/", "d1/", "d2/"])
    equal([found.key for page in pages for found in page.contents or []], ["root"])
    page = CLIENT.list_objects_v2(oss.ListObjectsV2Request(bucket=bucket, prefix="d1/", start_after="d1/f017"))
    equal([found.key for found in page.contents], ["d1/f018", "d1/f019"])


@step
def copies():
    bucket = fresh("copies")
    body = pattern(150_000)
    put(bucket, ODD_KEYS[0], body, content_type="text/a", metadata={"a": "1"})
    CLIENT.copy_object(oss.CopyObjectRequest(bucket=bucket, key="copy", source_bucket=bucket, source_key=ODD_KEYS[0]))
    answer, found = get(bucket, "copy")
    equal((found, answer.content_type, answer.metadata["a"]), (body, "text/a", "1"))
    missing = oss.CopyObjectRequest(bucket=bucket, key="copy", source_bucket=bucket, source_key="missing")
    refused(404, "NoSuchKey", CLIENT.copy_object, missing)


@step
def restorations():
    bucket = fresh("restore")

    def restore(key, tier=None):
        request = oss.RestoreRequest(days=1, job_parameters=tier and oss.JobParameters(tier=tier))
        answer = CLIENT.restore_object(oss.RestoreObjectRequest(bucket=bucket, key=key, restore_request=request))
        return answer.status_code, answer.restore_priority

    for storage_class in ("Standard", "Archive", "ColdArchive"):
        put(bucket, storage_class, b"kept", storage_class=storage_class)
    equal(restore("Archive"), (202, None))
    equal(restore("ColdArchive"), (202, "Standard"))
    equal(restore("ColdArchive", "Bulk"), (202, "Bulk"))
    equal(get(bucket, "ColdArchive")[1], b"kept")
    refused(400, "MalformedXML", restore, "Archive", "Bulk")
    refused(400, "OperationNotSupported", restore, "Standard")


@step
def multipart():
    bucket = fresh("multipart")
    body = pattern(2 * PART + 500)
    upload = CLIENT.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=bucket, key="big")).upload_id
    parts = []
    for number in (1, 2, 3):
        piece = body[(number - 1) * PART:number * PART]
        answer = CLIENT.upload_part(oss.UploadPartRequest(
            bucket=bucket, key="big", upload_id=upload, part_number=number, body=piece))
        parts.append(oss.UploadPart(part_number=number, etag=answer.etag))
    pages = CLIENT.list_parts_paginator().iter_page(
        oss.ListPartsRequest(bucket=bucket, key="big", upload_id=upload, max_parts=2))
    equal([part.part_number for page in pages for part in page.parts], [1, 2, 3])
    listed = CLIENT.list_multipart_uploads(oss.ListMultipartUploadsRequest(bucket=bucket))
    equal([(found.key, found.upload_id) for found in listed.uploads], [("big", upload)])
    equal((listed.is_truncated, listed.next_key_marker, listed.next_upload_id_marker), (False, "big", upload))
    CLIENT.complete_multipart_upload(oss.CompleteMultipartUploadRequest(
        bucket=bucket, key="big", upload_id=upload,
        complete_multipart_upload=oss.CompleteMultipartUpload(parts=parts)))
    equal(get(bucket, "big")[1], body)
    equal(get(bucket, "big", range_header=f"bytes={PART - 2}-{PART + 1}")[1], body[PART - 2:PART + 2])
    aborted = CLIENT.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=bucket, key="x")).upload_id
    CLIENT.abort_multipart_upload(oss.AbortMultipartUploadRequest(bucket=bucket, key="x", upload_id=aborted))
    refused(404, "NoSuchUpload", CLIENT.list_parts, oss.ListPartsRequest(bucket=bucket, key="x", upload_id=aborted))
    uploader = CLIENT.uploader(part_size=PART, parallel_num=3)
    with open(__file__, "rb") as file:
        own = file.read()
    uploader.upload_file(oss.PutObjectRequest(bucket=bucket, key="file"), filepath=__file__)
    equal(get(bucket, "file")[1], own)


@step
def access_and_presigned():
    bucket = fresh("access")
    put(bucket, "k", b"body")
    url = f"{sdk.ENDPOINT}/{bucket}/k"
    equal(requests.get(url, timeout=60).status_code, 403)
    CLIENT.put_bucket_acl(oss.PutBucketAclRequest(bucket=bucket, acl="public-read"))
    equal(CLIENT.get_bucket_acl(oss.GetBucketAclRequest(bucket=bucket)).acl, "public-read")
    equal(requests.get(url, timeout=60).content, b"body")
    hour = datetime.timedelta(hours=1)
    signed = CLIENT.presign(oss.PutObjectRequest(bucket=bucket, key=ODD_KEYS[0], content_type="text/p"), expires=hour)
    equal(requests.request(signed.method, signed.url, headers=signed.signed_headers, data=b"p", timeout=60).status_code, 200)
    signed = CLIENT.presign(oss.GetObjectRequest(bucket=bucket, key=ODD_KEYS[0]), expires=hour)
    answer = requests.get(signed.url, timeout=60)
    equal((answer.content, answer.headers["Content-Type"]), (b"p", "text/p"))


@step
def website():
    bucket = fresh("website")
    redirect = oss.RoutingRuleRedirect(
        redirect_type="Mirror", mirror_url="https://www.example.com/", mirror_url_slave="https://slave.example.com/",
        mirror_pass_query_string=True, mirror_check_md5=True, mirror_follow_redirect=False, mirror_sni=True,
        mirror_save_oss_meta=True, mirror_proxy_pass=False, mirror_allow_head_object=True,
        mirror_user_last_modified=True, mirror_switch_all_errors=True, transparent_mirror_response_codes="400,404",
        enable_replace_prefix=True, replace_key_prefix_with="destfolder/", mirror_pass_original_slashes=True,
        mirror_headers=oss.MirrorHeaders(pass_all=False, passs=["a", "b"], removes=["c"],
                                         sets=[oss.MirrorHeadersSet(key="d", value="e")]))
    condition = oss.RoutingRuleCondition(
        key_prefix_equals="examplefolder/", key_suffix_equals=".txt", http_error_code_returned_equals=404,
        include_headers=[oss.RoutingRuleIncludeHeader(key="host", starts_with="a", ends_with="z")])
    document = oss.WebsiteConfiguration(
        index_document=oss.IndexDocument(suffix="index.html", support_sub_dir=True, type=2),
        error_document=oss.ErrorDocument(key="error.html", http_status=404),
        routing_rules=oss.RoutingRules(
            routing_rules=[oss.RoutingRule(rule_number=7, condition=condition, redirect=redirect)]))
    CLIENT.put_bucket_website(oss.PutBucketWebsiteRequest(bucket=bucket, website_configuration=document))
    echo = CLIENT.get_bucket_website(oss.GetBucketWebsiteRequest(bucket=bucket)).website_configuration
    equal((echo.index_document.suffix, echo.index_document.support_sub_dir, echo.index_document.type),
          ("index.html", True, 2))
    equal((echo.error_document.key, echo.error_document.http_status), ("error.html", 404))
    [rule] = echo.routing_rules.routing_rules
    equal(rule.rule_number, 7)
    for name in ("key_prefix_equals", "key_suffix_equals", "http_error_code_returned_equals"):
        equal(getattr(rule.condition, name), getattr(condition, name))
    [header] = rule.condition.include_headers
    equal((header.key, header.starts_with, header.ends_with), ("host", "a", "z"))
    sent = {name: value for name, value in vars(redirect).items() if isinstance(value, (str, int, bool))}
    assert len(sent) > 12, sent
    for name, value in sent.items():
        equal((name, getattr(rule.redirect, name)), (name, value))
    headers = rule.redirect.mirror_headers
    equal((headers.pass_all, headers.passs, headers.removes), (False, ["a", "b"], ["c"]))
    equal([(entry.key, entry.value) for entry in headers.sets], [("d", "e")])
    CLIENT.delete_bucket_website(oss.DeleteBucketWebsiteRequest(bucket=bucket))
    refused(404, "NoSuchWebsiteConfiguration", CLIENT.get_bucket_website, oss.GetBucketWebsiteRequest(bucket=bucket))


@step
def refusals():
    bucket = fresh("refusals")
    refused(400, "InvalidDigest", put, bucket, "k", b"body", content_md5=base64.b64encode(b"0" * 16).decode())
    strangers = [("NOSUCHKEY", sdk.SECRET, "InvalidAccessKeyId"), (sdk.KEY_ID, "wrong-secret", "SignatureDoesNotMatch")]
    for key_id, secret, code in strangers:
        provider = oss.credentials.StaticCredentialsProvider(key_id, secret)
        client = sdk.oss_v2_client(credentials_provider=provider)
        refused(403, code, client.get_object, oss.GetObjectRequest(bucket=bucket, key="k"))


step.run()
