import type { IncomingMessage } from 'node:http';
import type { RequestAudit } from '#libs/audit/audit-context.js';

declare module 'node:http' {
  interface IncomingMessage {
    /** Who sends the request and from where, for oidc-provider's callbacks: as Fastify has normalized it. */
    audit?: RequestAudit;
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
  pin(request: IncomingMessage, audit: RequestAudit): void {
    request.headers['x-forwarded-host'] = this.host;
    request.headers['x-forwarded-proto'] = this.isHttps ? 'https' : 'http';
    delete request.headers['x-forwarded-for'];
    request.audit = audit;
    request.baseUrl = this.basePath;
  }
}
