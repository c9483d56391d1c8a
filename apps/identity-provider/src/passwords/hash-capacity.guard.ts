import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { textKey } from '#libs/core/ids.js';
import { hashClient } from './fair-places.js';
import { HashQueue } from './hash-queue.js';

/** Longer values cannot be emails; validation rejects them. */
const MAX_LENGTH = 1_024;

/** Guards routes that only verify a password: excess requests are refused before their bodies are validated. */
@Injectable()
export class HashCapacityGuard implements CanActivate {
  constructor(private readonly queue: HashQueue) {}

  /** @throws ApiError 503 `overloaded` */
  canActivate(context: ExecutionContext): boolean {
    const { ip, body } = context.switchToHttp().getRequest<FastifyRequest>();
    this.queue.requireRoom(hashClient(ip, accountOf(body)));
    return true;
  }
}

/** Returns the account key that the login uses if the body is valid. */
function accountOf(body: unknown): string | null {
  const email = (body as { email?: unknown } | null | undefined)?.email;
  return typeof email === 'string' && email.length <= MAX_LENGTH ? textKey(email) : null;
}
