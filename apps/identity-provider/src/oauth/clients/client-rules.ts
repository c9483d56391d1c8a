import type { OauthClient } from '#libs/database/identity/oauth-client.entity.js';
import { type ErrorEntry, invalid } from '#libs/http/replies/api-error.js';
import { mixesLoopbackSchemes } from './redirect-uri.js';

type Rules = Pick<
  OauthClient,
  'type' | 'grantTypes' | 'redirectUris' | 'postLogoutRedirectUris' | 'backchannelLogoutUri' | 'roleId'
>;

/** Checks how the fields of a client fit together. @throws ApiError 422 with every field at fault */
export function assertClientFits(client: Rules): void {
  const errors = faultsOf(client);
  if (errors.length > 0) throw invalid(errors);
}

function faultsOf({ type, grantTypes, redirectUris, postLogoutRedirectUris, roleId }: Rules): ErrorEntry[] {
  const has = (grantType: string) => grantTypes.includes(grantType);
  const errors: ErrorEntry[] = [];
  const fault = (field: string, code: string, message: string) => errors.push({ field, code, message });
  if (type === 'public' && has('client_credentials'))
    fault(
      'grant_types',
      'confidential_client_required',
      'Only a confidential client can have client credentials.',
    );
  if (
    has('refresh_token') &&
    !grantTypes.some((each) => each !== 'refresh_token' && each !== 'client_credentials')
  )
    fault('grant_types', 'incomplete', 'refresh_token needs authorization_code or the device code.');
  if (has('authorization_code') && redirectUris.length === 0)
    fault('redirect_uris', 'required', 'authorization_code needs at least one redirect URI.');
  if (!has('authorization_code') && redirectUris.length > 0)
    fault('redirect_uris', 'not_allowed', 'Only authorization_code uses redirect URIs.');
  if (mixesLoopbackSchemes([...redirectUris, ...postLogoutRedirectUris]))
    fault(
      'redirect_uris',
      'invalid_uri',
      'https on loopback cannot be combined with http or private schemes.',
    );
  if (roleId !== null && !has('client_credentials'))
    fault('role_id', 'not_allowed', 'A role is for client credentials only.');
  return errors;
}
