import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CALLBACK } from '../../support/openid-provider.js';
import { type VisitedPage, WebBrowser } from '../../support/web-browser.js';
import { PASSWORD } from './test-environment.js';

/** One or more requests of a sign-in; the next step needs their results. @throws Error if the sign-in is lost */
export type Step = () => Promise<void>;

const CLIENT = 'frontend';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
/** A connection to a process that was killed must not be used again. */
const CLOSE = { connection: 'close' };

/** How long a 503, which asks to try again, is repeated (ms): what is left has twice the load. */
const PATIENCE_MS = 60_000;

/** How a flow sends its requests. */
interface Sending {
  /** Where the issuer's requests are sent. Default: the issuer. */
  address?: string;
  /** How long a 503 is repeated (ms). */
  patienceMs?: number;
}

function requests(patienceMs = PATIENCE_MS) {
  /** Sends a request until the answer is another one than 503, as clients and people do. */
  async function repeated<T extends { status: number }>(send: () => Promise<T>): Promise<T> {
    const since = performance.now();
    for (let answer = await send(); ; answer = await send()) {
      if (answer.status !== 503 || performance.now() - since > patienceMs) return answer;
      await sleep(1_000);
    }
  }
  return {
    /** Posts a form. @returns the JSON of a 200 */
    async post(url: string, form: Record<string, string>): Promise<Record<string, string>> {
      const body = new URLSearchParams({ client_id: CLIENT, ...form });
      const response = await repeated(() => fetch(url, { method: 'POST', body, headers: CLOSE }));
      const text = await response.text();
      if (response.status !== 200)
        throw new Error(`${form['grant_type'] ?? url}: ${response.status} ${text}`);
      return JSON.parse(text);
    },
    /** @throws Error if the page is another one */
    async visit(text: string, send: () => Promise<VisitedPage>): Promise<VisitedPage> {
      const page = await repeated(send);
      if (!`${page.url} ${page.html}`.includes(text))
        throw new Error(`"${text}" is missing: ${page.status} ${page.url}`);
      return page;
    },
  };
}

type Requests = ReturnType<typeof requests>;

/** Two refreshes, one after the other. */
function refreshSteps(
  post: Requests['post'],
  address: string,
  token: () => string,
  store: (token: string) => void,
): Step[] {
  const refresh = async () => {
    const answer = await post(`${address}/oauth/token`, {
      grant_type: 'refresh_token',
      refresh_token: token(),
    });
    store(String(answer['refresh_token']));
  };
  return [refresh, refresh];
}

/** Sign-in page, password, exchange of the code, two refreshes. */
export function codeSteps(
  issuer: string,
  email: string,
  { address = issuer, patienceMs }: Sending = {},
): Step[] {
  const { post, visit } = requests(patienceMs);
  const browser = new WebBrowser(issuer, CLOSE, [address]);
  const verifier = randomBytes(32).toString('base64url');
  let page: VisitedPage;
  let refreshToken = '';
  return [
    async () => {
      const query = new URLSearchParams({
        client_id: CLIENT,
        redirect_uri: CALLBACK,
        response_type: 'code',
        scope: 'openid email',
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      });
      page = await visit('name="password"', () => browser.get(`${issuer}/oauth/authorize?${query}`));
    },
    async () => {
      const form = page;
      page = await visit(`${CALLBACK}?`, () => browser.submit(form, { email, password: PASSWORD }));
    },
    async () => {
      const answer = await post(`${address}/oauth/token`, {
        grant_type: 'authorization_code',
        redirect_uri: CALLBACK,
        code: String(new URL(page.url).searchParams.get('code')),
        code_verifier: verifier,
      });
      refreshToken = String(answer['refresh_token']);
    },
    ...refreshSteps(
      post,
      address,
      () => refreshToken,
      (token) => {
        refreshToken = token;
      },
    ),
  ];
}

/** Device and user code, the user's code, confirmation, password, the device's tokens, two refreshes. */
export function deviceSteps(issuer: string, email: string): Step[] {
  const { post, visit } = requests();
  const browser = new WebBrowser(issuer, CLOSE);
  let started: Record<string, string>;
  let page: VisitedPage;
  let refreshToken = '';
  const enterCode = async () => {
    const { verification_uri: url = '', user_code = '' } = started;
    const entry = await visit('name="user_code"', () => browser.get(url));
    return visit('name="confirm"', () => browser.submit(entry, { user_code }));
  };
  return [
    async () => {
      started = await post(`${issuer}/oauth/device`, { scope: 'openid email' });
    },
    async () => {
      page = await enterCode();
    },
    async () => {
      let form: VisitedPage | null = page;
      page = await visit('name="password"', async () => {
        // The form works once: after a 503, the user enters the code again.
        const shown = form ?? (await enterCode());
        form = null;
        return browser.submit(shown, { confirm: 'yes' });
      });
    },
    async () => {
      const form = page;
      page = await visit('Device connected', () => browser.submit(form, { email, password: PASSWORD }));
    },
    async () => {
      const answer = await post(`${issuer}/oauth/token`, {
        grant_type: DEVICE,
        device_code: String(started['device_code']),
      });
      refreshToken = String(answer['refresh_token']);
    },
    ...refreshSteps(
      post,
      issuer,
      () => refreshToken,
      (token) => {
        refreshToken = token;
      },
    ),
  ];
}
