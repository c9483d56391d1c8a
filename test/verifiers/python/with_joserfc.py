import json
import os
import sys
from urllib.request import urlopen

from joserfc import jwt
from joserfc.jwk import KeySet

# Keep the keys for a minute, and fetch them again then.
with urlopen(os.environ["JWKS_URL"]) as answer:
    keys = KeySet.import_key_set(json.load(answer))

token = jwt.decode(sys.stdin.read(), keys, algorithms=["RS256"])
jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": os.environ["ISSUER"]},
    aud={"essential": True, "value": os.environ["AUDIENCE"]},
    exp={"essential": True},
    sub={"essential": True},
).validate(token.claims)
if token.header.get("typ") != os.environ["TOKEN_TYPE"]:
    sys.exit("Not an access token.")
print(token.claims["sub"])
