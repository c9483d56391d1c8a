import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Interaction, Provider } from 'oidc-provider';
import type { Page } from './layout.js';
import type { Texts } from './texts/texts.js';

/** A page with its status and headers. */
export interface PageAnswer {
  page: Page;
  texts: Texts;
  status?: number;
  headers?: Record<string, string>;
}

/** What the browser asks for: a page of a sign-in in progress, which its cookie names. */
export interface Visit {
  provider: Provider;
  interaction: Interaction;
  request: FastifyRequest;
  reply: FastifyReply;
  texts: Texts;
}
