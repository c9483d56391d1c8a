// A service in a process of its own. It reads lines `{ now, token }` and answers `{ principal }` or `{ code, text }`.
import { createInterface } from 'node:readline';
import { inspect } from 'node:util';

const { entry, native, keycloak } = JSON.parse(process.argv[2]);
const { createPublicKey } = await import('node:crypto');
const verify = await import(entry);

const withKeys = ({ keys, ...options }) => ({
  ...options,
  keys: keys.map(({ kid, pem }) => ({ kid, key: createPublicKey(pem) })),
});
const verifier = verify.createVerifier({
  issuers: [verify.native(withKeys(native)), verify.keycloak(withKeys(keycloak))],
});

for await (const line of createInterface({ input: process.stdin })) {
  const { now, token } = JSON.parse(line);
  Date.now = () => now;
  const answer = await verifier.verify(token).then(
    (principal) => ({ principal }),
    (error) => ({ code: error.code, name: error.name, text: inspect(error) }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await verifier.close();
