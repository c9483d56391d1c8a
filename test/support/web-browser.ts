/** A page that a `WebBrowser` has arrived at. */
export interface VisitedPage {
  url: string;
  status: number;
  headers: Headers;
  html: string;
}

interface Cookie {
  value: string;
  path: string;
}

/**
 * A browser without scripts: cookies with their paths, redirects, `meta refresh`, forms. It stops at the first address that
 * is not the server's, such as an application's callback.
 */
export class WebBrowser {
  /** By name and path. */
  readonly cookies = new Map<string, Cookie>();
  /** The `Set-Cookie` headers, as they came. */
  readonly setCookies: string[] = [];
  private sent = 0;

  /** @param replicas the origins that get the requests in turn, instead of `origin` */
  constructor(
    private readonly origin: string,
    private readonly headers: Record<string, string> = {},
    private readonly replicas: readonly string[] = [origin],
  ) {}

  get(url: string): Promise<VisitedPage> {
    return this.follow(url, { method: 'GET' });
  }

  /** Posts the form of a page, with its hidden fields. */
  submit(page: VisitedPage, fields: Record<string, string>): Promise<VisitedPage> {
    const action = /<form[^>]*\baction="([^"]*)"/.exec(page.html)?.[1];
    const hidden = [...page.html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([input]) => [
      unescapeHtml(/name="([^"]*)"/.exec(input)?.[1] ?? ''),
      unescapeHtml(/value="([^"]*)"/.exec(input)?.[1] ?? ''),
    ]);
    return this.follow(new URL(unescapeHtml(action ?? ''), page.url).href, {
      method: 'POST',
      body: new URLSearchParams({ ...Object.fromEntries(hidden), ...fields }),
    });
  }

  private async follow(url: string, init: RequestInit): Promise<VisitedPage> {
    let next = { url, init };
    for (let hops = 0; hops < 20; hops++) {
      if (new URL(next.url).origin !== this.origin) {
        return { url: next.url, status: 0, headers: new Headers(), html: '' };
      }
      const replica = this.replicas[this.sent++ % this.replicas.length] as string;
      const response = await fetch(next.url.replace(this.origin, replica), {
        ...next.init,
        redirect: 'manual',
        headers: { ...this.headers, accept: 'text/html,*/*;q=0.8', cookie: this.cookiesFor(next.url) },
      });
      this.store(response, next.url);
      const html = await response.text();
      const target = response.headers.get('location') ?? refreshOf(html);
      if (target === null) return { url: next.url, status: response.status, headers: response.headers, html };
      next = { url: new URL(target, next.url).href, init: { method: 'GET' } };
    }
    throw new Error(`Too many redirects: ${next.url}`);
  }

  private cookiesFor(url: string): string {
    const { pathname } = new URL(url);
    return [...this.cookies]
      .filter(
        ([, { path }]) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`),
      )
      .map(([key, { value }]) => `${key.split(' ')[0]}=${value}`)
      .join('; ');
  }

  private store(response: Response, url: string): void {
    for (const line of response.headers.getSetCookie()) {
      this.setCookies.push(line);
      const [pair = '', ...attributes] = line.split(/; */);
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      const path = attributes.find((each) => /^path=/i.test(each))?.slice(5) ?? new URL(url).pathname;
      const expires = attributes.find((each) => /^expires=/i.test(each))?.slice(8);
      if (value === '' || (expires && Date.parse(expires) < Date.now()))
        this.cookies.delete(`${name} ${path}`);
      else this.cookies.set(`${name} ${path}`, { value, path });
    }
  }
}

function refreshOf(html: string): string | null {
  const found = /<meta http-equiv="refresh" content="0;url=([^"]*)">/.exec(html)?.[1];
  return found === undefined ? null : unescapeHtml(found);
}

const unescapeHtml = (text: string): string =>
  text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
