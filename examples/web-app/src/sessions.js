import { randomBytes } from 'node:crypto';

/** Sessions on the server; the browser only has their id. In memory: a real application keeps them in its database. */
export class Sessions {
  #sessions = new Map();

  /** @returns the id of the new session */
  create(session) {
    const id = randomBytes(32).toString('base64url');
    this.#sessions.set(id, session);
    return id;
  }

  find(id) {
    return this.#sessions.get(id);
  }

  delete(id) {
    this.#sessions.delete(id);
  }

  /** Ends the sessions of a logout token: one session of the issuer, or all of a user. */
  end({ sid, sub }) {
    for (const [id, { user }] of this.#sessions) {
      if (sid ? user?.sid === sid : user?.sub === sub) this.#sessions.delete(id);
    }
  }
}
