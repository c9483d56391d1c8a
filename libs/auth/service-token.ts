import { createHash, timingSafeEqual } from 'node:crypto';

const ACCEPTS_SERVICE_TOKEN = Symbol('accepts service token');

/** A secret of services. Null: there is none, and nothing matches. */
export class ServiceToken {
  private readonly expected: Buffer | null;

  constructor(token: string | null) {
    this.expected = token === null ? null : digestOf(token);
  }

  get isSet(): boolean {
    return this.expected !== null;
  }

  /** In constant time. */
  matches(given: string): boolean {
    return this.expected !== null && timingSafeEqual(digestOf(given), this.expected);
  }
}

/** The route accepts the application's service token in place of a caller's token. Then it has no caller. */
export const AcceptServiceToken = (): MethodDecorator => (_target, _name, descriptor) => {
  Reflect.defineMetadata(ACCEPTS_SERVICE_TOKEN, true, descriptor.value as object);
};

export const acceptsServiceToken = (handler: object): boolean =>
  Reflect.getMetadata(ACCEPTS_SERVICE_TOKEN, handler) === true;

/** `timingSafeEqual` needs two buffers of equal length. */
const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();
