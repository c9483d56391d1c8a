import type { IncomingMessage } from 'node:http';

declare module 'node:http' {
  interface IncomingMessage {
    /** The client's address, for oidc-provider's callbacks: the one that Fastify has normalized. */
    clientAddress?: string;
    /** koa's name for the path in front of all routes; oidc-provider puts it into its URLs. */
    baseUrl?: string;
  }
}

/** Where the provider is for its clients. It never depends on a request's `Host`. */
export class IssuerAddress {
  readonly isHttps: boolean;
  /** The path of the issuer without a trailing slash: empty, or `/identity`. */
  readonly basePath: string;
  private readonly host: string;

  constructor(readonly issuer: string) {
    const { protocol, host, pathname } = new URL(issuer);
    this.isHttps = protocol === 'https:';
    this.host = host;
    this.basePath = pathname.replace(/\/$/, '');
  }

  /** An absolute URL below the issuer. @param path begins with a slash */
  url(path: string): string {
    return `${this.issuer.replace(/\/$/, '')}${path}`;
  }

  /** Makes oidc-provider see the issuer's scheme and host, however the request came in. */
  pin(request: IncomingMessage, clientAddress: string): void {
    request.headers['x-forwarded-host'] = this.host;
    request.headers['x-forwarded-proto'] = this.isHttps ? 'https' : 'http';
    delete request.headers['x-forwarded-for'];
    request.clientAddress = clientAddress;
    request.baseUrl = this.basePath;
  }
}
