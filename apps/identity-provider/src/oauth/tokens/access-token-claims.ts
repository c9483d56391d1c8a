import { Injectable } from '@nestjs/common';
import type { AccessToken, ClientCredentials, JWTStructured } from 'oidc-provider';
import { ServiceClients } from '../../sessions/service-clients.js';
import { TokenSigner } from '../../tokens/token-signer.js';
import { errors } from '../oidc.js';
import { withOauthErrors } from '../state/oauth-errors.js';
import { TokenSubjects } from './token-subjects.js';

/** Gives oidc-provider's access tokens the claims that tokens of `POST /auth/login` have (contract, section 6). */
@Injectable()
export class AccessTokenClaims {
  constructor(
    private readonly subjects: TokenSubjects,
    private readonly services: ServiceClients,
    private readonly signer: TokenSigner,
  ) {}

  /** @throws InvalidGrant if the session or the account has ended */
  async write(token: AccessToken | ClientCredentials, structured: JWTStructured): Promise<void> {
    structured.payload = await withOauthErrors(() => this.claimsOf(token, structured.payload));
  }

  private async claimsOf(token: AccessToken | ClientCredentials, { iat, exp }: JWTStructured['payload']) {
    const life = { issuedAt: iat as number, expiresAt: exp as number };
    const client = { id: token.clientId as string, scope: token.scope || null };
    if (token.kind === 'ClientCredentials') {
      const service = await this.services.findService(client.id);
      if (!service) throw new errors.InvalidClient('the client may not act for itself');
      return this.signer.serviceClaimsOf(service, life, client);
    }
    const { grantId, accountId } = token as AccessToken;
    const person = await this.subjects.findPerson(grantId as string, accountId);
    if (!person) throw new errors.InvalidGrant('the session has ended');
    return this.signer.claimsOf(person, life, client);
  }
}
