import json
import os
import sys
from urllib.request import urlopen

from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc.jwk import KeySet


class Validator(JWTBearerTokenValidator):
    def get_jwks(self):
        with urlopen(os.environ["JWKS_URL"]) as answer:
            return KeySet.import_key_set(json.load(answer))


# In Flask or Django: ResourceProtector().register_token_validator(validator)
validator = Validator(issuer=os.environ["ISSUER"], resource_server=os.environ["AUDIENCE"])

claims = validator.authenticate_token(sys.stdin.read())
validator.validate_token(claims, scopes=None, request=None)
print(claims["sub"])
