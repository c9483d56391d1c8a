import { fileURLToPath } from 'node:url';
import { main } from './keycloak-command.js';

// Compiled, this is dist/keycloak/start.js.
process.exitCode = await main(process.argv.slice(2), fileURLToPath(new URL('../../../..', import.meta.url)));
