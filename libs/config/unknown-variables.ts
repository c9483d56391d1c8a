import { closestMatch } from 'leven';
import type { Environment } from './environment.js';
import { SECTIONS } from './variables/table.js';

const KNOWN = new Set(['NODE_ENV', ...SECTIONS.flatMap(({ variables }) => Object.keys(variables))]);

/** The environment contains variables of many programs: only those with these prefixes are checked. */
const OUR_PREFIX = /^(JWT|KEYCLOAK|LOGIN|USER|IDENTITY|SMTP|OIDC|DATABASE)_\w*$/;

/** Variables that tracing, docker compose and the tests read. */
const OTHERS = /^(OTEL|COMPOSE|DOCKER|KEYCLOAK_TEST)_/;

/** Variables that Kubernetes sets in every container for each Service of the namespace. */
const SERVICE_LINK = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?$/;

/** For a Service `user-service`, Kubernetes sets `USER_SERVICE_PORT=tcp://10.96.23.4:3000`, the name of a setting. */
const isServiceLink = (name: string, value = ''): boolean =>
  name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value);

/** A sentence about each variable that is not a setting, with the most similar setting. */
export function unknownVariables(file: Environment, real: Environment): string[] {
  const inFile = Object.keys(file).map((name) => ({ name, place: '.env' }));
  const inReal = Object.keys(withoutServiceLinks(real))
    .filter((name) => OUR_PREFIX.test(name) && !SERVICE_LINK.test(name))
    .map((name) => ({ name, place: 'the environment' }));
  return [...inFile, ...inReal]
    .filter(({ name }) => !KNOWN.has(name) && !OTHERS.test(name))
    .map(({ name, place }) =>
      isVariableName(name)
        ? `${name} in ${place} is not a setting of Twinkey: did you mean ${closestMatch(name, [...KNOWN])}?`
        : `A line of ${place} is not a setting: put values of several lines into double quotes.`,
    );
}

/** The last line of an unquoted key also looks like `name=`: it must not be shown. */
export const isVariableName = (text: string): boolean => /^[A-Z][A-Z0-9_]*$/.test(text);

export function withoutServiceLinks(real: Environment): Environment {
  return Object.fromEntries(Object.entries(real).filter(([name, value]) => !isServiceLink(name, value)));
}
