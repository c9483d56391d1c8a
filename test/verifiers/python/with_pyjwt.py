import os
import sys

import jwt

keys = jwt.PyJWKClient(os.environ["JWKS_URL"])

token = sys.stdin.read()
decoded = jwt.decode_complete(
    token,
    keys.get_signing_key_from_jwt(token),
    algorithms=["RS256"],
    issuer=os.environ["ISSUER"],
    audience=os.environ["AUDIENCE"],
    options={"require": ["exp", "iss", "aud", "sub"]},
)
if decoded["header"].get("typ") != os.environ["TOKEN_TYPE"]:
    sys.exit("Not an access token.")
print(decoded["payload"]["sub"])
