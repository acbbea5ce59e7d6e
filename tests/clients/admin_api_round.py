"""The admin API against its own description: Schemathesis makes requests of the OpenAPI document and judges the answers."""

import itertools
import os
import tempfile

import requests.auth
import schemathesis
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from schemathesis.cli import schemathesis as command

ADMIN = os.environ["ADMIN"]
KEY = Credentials(os.environ["ACCESS_KEY_ID"], os.environ["ACCESS_KEY_SECRET"])
NONCES = itertools.count()
# Never a 5xx, and every answer is as it is described. What must be refused is not the document's to say: it has no patterns.
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance"
)


class Signed(requests.auth.AuthBase):
    """By the vendor's own SigV4."""

    def __call__(self, request):
        # The server takes a signature once, and two equal requests within a second are no repetition.
        nonce = {"x-nonce": str(next(NONCES))}
        signed = AWSRequest(request.method, request.url, nonce, request.body or b"")
        S3SigV4Auth(KEY, "s3", "cn-hangzhou").add_auth(signed)
        request.headers.update(signed.headers.items())
        return request


schemathesis.auth.set_from_requests(Signed())
# It keeps what it found beside where it runs.
os.chdir(tempfile.mkdtemp())
command.main(
    ["run", f"{ADMIN}/-/openapi.json", "--url", ADMIN, "--checks", CHECKS, "--max-examples", "25", "--seed", "1"]
)
