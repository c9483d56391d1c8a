import os
import secrets

from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask

app = Flask(__name__)
app.secret_key = secrets.token_bytes(32)
twinkey = OAuth(app).register(
    "twinkey",
    server_metadata_url=os.environ["ISSUER"] + "/.well-known/openid-configuration",
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
)


@app.get("/")
def home():
    return twinkey.authorize_redirect(f"http://localhost:{os.environ['PORT']}/callback")


@app.get("/callback")
def callback():
    token = twinkey.authorize_access_token()
    endpoint = twinkey.load_server_metadata()["token_endpoint"]
    session = OAuth2Session(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
    refreshed = session.refresh_token(endpoint, token["refresh_token"])
    machine = session.fetch_token(endpoint, grant_type="client_credentials")
    return {
        "subject": token["userinfo"]["sub"],  # the claims of the ID token
        "userinfo": twinkey.userinfo(token=token),
        "access_token": token["access_token"],
        "refreshed_access_token": refreshed["access_token"],
        "machine_access_token": machine["access_token"],
    }


app.run("127.0.0.1", int(os.environ["PORT"]))
