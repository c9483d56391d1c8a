use std::env::var;
use std::error::Error;
use std::io::{Read, stdin};

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

#[derive(serde::Deserialize)]
struct Claims {
    sub: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    // Keep the keys for a minute, and fetch them again then.
    let keys: JwkSet = ureq::get(var("JWKS_URL")?).call()?.body_mut().read_json()?;

    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_issuer(&[var("ISSUER")?]);
    rules.set_audience(&[var("AUDIENCE")?]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);

    let mut token = String::new();
    stdin().read_to_string(&mut token)?;
    let header = decode_header(&token)?;
    if header.typ != Some(var("TOKEN_TYPE")?) {
        return Err("not an access token".into());
    }
    let key = keys.find(&header.kid.ok_or("no kid")?).ok_or("unknown kid")?;
    let verified = decode::<Claims>(&token, &DecodingKey::from_jwk(key)?, &rules)?;
    println!("{}", verified.claims.sub);
    Ok(())
}
