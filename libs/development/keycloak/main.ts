import { fileURLToPath } from 'node:url';
import { main } from './keycloak-command.js';

// Compiled, this is dist/libs/development/keycloak/main.js.
process.exitCode = await main(process.argv.slice(2), fileURLToPath(new URL('../../../..', import.meta.url)));
