"""The vendors' SDKs behind one small face: put and get of one bucket, and errors with status and code.

For scripts that do the same with every SDK. What is particular to one SDK is in its own round (`*_round.py`).
"""

import os
import socket

import boto3
import botocore.config
import botocore.exceptions
import oss2
import alibabacloud_oss_v2 as oss

ENDPOINT = os.environ["ENDPOINT"]
KEY_ID = os.environ["ACCESS_KEY_ID"]
SECRET = os.environ["ACCESS_KEY_SECRET"]
REGION = "cn-hangzhou"
# With a name as endpoint the SDKs put buckets in front of it; all names under it then lead to loopback.
DOMAIN = os.environ.get("DOMAIN")
# Connections kept per client; scripts that read in parallel use so many threads.
CONNECTIONS = 16


def _resolve_to_loopback(domain):
    """Stands in for the operator's DNS."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host, *arguments, **named):
        ours = isinstance(host, str) and (host == domain or host.endswith("." + domain))
        return resolve("127.0.0.1" if ours else host, *arguments, **named)

    socket.getaddrinfo = getaddrinfo


if DOMAIN:
    _resolve_to_loopback(DOMAIN)


class Refused(Exception):
    """The server answered with an error or a redirect."""

    def __init__(self, status, code, headers):
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code
        self.headers = {name.lower(): value for name, value in headers.items()}


class Oss2:
    """Alibaba's first Python SDK."""

    def __init__(self, bucket, version):
        session = oss2.Session(pool_size=CONNECTIONS)
        # The requests library follows redirects by itself; here the redirect is what is looked at.
        session.session.get_redirect_target = lambda response: None
        auth = {"v1": oss2.Auth, "v4": oss2.AuthV4}[version](KEY_ID, SECRET)
        self.bucket = oss2.Bucket(auth, ENDPOINT, bucket, region=REGION, session=session)

    def put(self, key, body):
        self.bucket.put_object(key, body)

    def get(self, key, query=None):
        try:
            answer = self.bucket.get_object(key, params=query)
            return answer.read(), {name.lower(): value for name, value in answer.headers.items()}
        except oss2.exceptions.OssError as error:
            raise Refused(error.status, error.code, error.headers) from error


class OssV2:
    """Alibaba's second Python SDK."""

    def __init__(self, bucket):
        self.client, self.bucket = oss_v2_client(), bucket

    def put(self, key, body):
        self.client.put_object(oss.PutObjectRequest(bucket=self.bucket, key=key, body=body))

    def get(self, key, query=None):
        try:
            request = oss.GetObjectRequest(bucket=self.bucket, key=key, parameters=query or {})
            answer = self.client.get_object(request)
            with answer.body as body:
                return body.read(), {name.lower(): value for name, value in answer.headers.items()}
        except oss.exceptions.OperationError as error:
            cause = error.unwrap()
            if not isinstance(cause, oss.exceptions.ServiceError):
                raise
            raise Refused(cause.status_code, cause.code, cause.headers) from error


class Boto3:
    """Amazon's Python SDK."""

    def __init__(self, bucket):
        self.client, self.bucket = boto3_client(), bucket

    def put(self, key, body):
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body)

    def get(self, key, query=None):
        assert not query, "boto3 sends no query parameters of the caller's"
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=key)
            return answer["Body"].read(), answer["ResponseMetadata"]["HTTPHeaders"]
        except botocore.exceptions.ClientError as error:
            metadata = error.response["ResponseMetadata"]
            code = error.response["Error"].get("Code")
            raise Refused(metadata["HTTPStatusCode"], code, metadata["HTTPHeaders"]) from error


def connect(name, bucket):
    """The SDK of that name on a bucket."""
    makers = {
        "oss2-v1": lambda: Oss2(bucket, "v1"),
        "oss2-v4": lambda: Oss2(bucket, "v4"),
        "oss-v2": lambda: OssV2(bucket),
        "boto3": lambda: Boto3(bucket),
    }
    return makers[name]()


def oss_v2_client(**settings):
    config = oss.config.load_default()
    config.region, config.endpoint = REGION, ENDPOINT
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(KEY_ID, SECRET)
    # A failure is to be seen, not repeated until it passes.
    config.retry_max_attempts = 1
    for name, value in settings.items():
        setattr(config, name, value)
    return oss.Client(config)


def boto3_client(**settings):
    config = botocore.config.Config(
        s3={"addressing_style": "virtual" if DOMAIN else "path"},
        retries={"total_max_attempts": 1},
        max_pool_connections=CONNECTIONS,
        **settings,
    )
    return boto3.client(
        "s3",
        endpoint_url=ENDPOINT,
        region_name=REGION,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        config=config,
    )
