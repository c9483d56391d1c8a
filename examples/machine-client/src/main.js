import { accessTokenSource } from './access-token.js';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, API_URL } = process.env;
if (!CLIENT_SECRET) throw new Error('Set CLIENT_SECRET to the secret of the client.');

const accessToken = accessTokenSource({
  issuer: ISSUER ?? 'http://localhost:8001',
  clientId: CLIENT_ID ?? 'machine-client',
  clientSecret: CLIENT_SECRET,
});

const response = await fetch(API_URL ?? 'http://localhost:8001/api/v1/roles', {
  headers: { authorization: `Bearer ${await accessToken()}` },
});
console.log(response.status, await response.text());
process.exitCode = response.ok ? 0 : 1;
