/** A browser without scripts for the pages of the OpenID Provider, and the client that it signs in to. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { sql } from './sample-rows.mjs';

export const CLIENT = 'bench';
export const CALLBACK = 'https://app.bench.test/callback';

export const createClient = (databaseUrl) =>
  sql(
    databaseUrl,
    `INSERT INTO identity.oauth_clients (id, client_id, name, type, grant_types, redirect_uris, first_party)
     VALUES ($1, $2, 'Bench', 'public', '{authorization_code}', $3, true) ON CONFLICT DO NOTHING`,
    [randomUUID(), CLIENT, [CALLBACK]],
  );

/** Keeps cookies and follows redirects within the issuer, which it reaches over http. */
export class BenchBrowser {
  cookies = new Map();

  constructor({ name, root }) {
    this.name = name;
    this.root = root;
  }

  /** Opens the sign-in page. @returns the page, and the verifier of its code challenge */
  async authorize() {
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id: CLIENT,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: 'openid',
      state: randomBytes(8).toString('hex'),
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    return { page: await this.open(`${this.name}/oauth/authorize?${query}`), verifier };
  }

  async open(url, form) {
    if (!url.startsWith(this.name)) return { url };
    const response = await fetch(url.replace(this.name, this.root), {
      redirect: 'manual',
      ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
      headers: {
        cookie: [...this.cookies].map((pair) => pair.join('=')).join('; '),
        ...(form ? { origin: this.name } : {}),
      },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      this.cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location) {
      await response.arrayBuffer();
      return this.open(new URL(location, url).href);
    }
    return { url, status: response.status, text: await response.text() };
  }
}
