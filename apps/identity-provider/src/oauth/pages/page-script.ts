import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';

/** A script of a page: for passkeys, which do not work without one, and for the strength of a password. */
export interface PageScript {
  /** Below the issuer's path. */
  path: string;
  source: string;
  /** Changes with the source, so that browsers can keep it. */
  version: string;
}

export const pageScript = (path: string, source: string): PageScript => ({
  path,
  source,
  version: versionOf(source),
});

/** A short digest of what a URL answers, for the URL itself and for `ETag`. */
export const versionOf = (content: string): string =>
  createHash('sha256').update(content).digest('base64url').slice(0, 12);

export const sendScript = (reply: FastifyReply, { source, version }: PageScript): FastifyReply =>
  keepFor(reply, version).type('text/javascript; charset=utf-8').send(source);

/** Lets browsers keep an answer of a page's frame for an hour. */
export const keepFor = (reply: FastifyReply, version: string): FastifyReply =>
  reply.header('cache-control', 'public, max-age=3600').header('etag', `"${version}"`);
