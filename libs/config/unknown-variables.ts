import { closestMatch } from 'leven';
import type { Environment } from './environment.js';
import { SECTIONS } from './variables/table.js';

const KNOWN = new Set(['NODE_ENV', ...SECTIONS.flatMap(({ variables }) => Object.keys(variables))]);

/** The environment holds the variables of many programs: these are taken for ours. */
const OUR_PREFIX = /^(JWT|KEYCLOAK|LOGIN|USER|IDENTITY|SMTP|OIDC|DATABASE)_\w*$/;

/** What tracing, docker compose and the tests read by themselves. */
const OTHERS = /^(OTEL|COMPOSE|DOCKER|KEYCLOAK_TEST)_/;

/** Kubernetes sets these in every container, for each Service of the namespace. */
const SERVICE_LINK = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?$/;

/** And `USER_SERVICE_PORT=tcp://10.96.23.4:3000` for a Service `user-service`: a name of ours, but not our value. */
const isServiceLink = (name: string, value = ''): boolean =>
  name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value);

/** A sentence for each variable that is no setting, with the name of the setting that it resembles most. */
export function unknownVariables(file: Environment, real: Environment): string[] {
  const inFile = Object.keys(file).map((name) => ({ name, place: '.env' }));
  const inReal = Object.keys(withoutServiceLinks(real))
    .filter((name) => OUR_PREFIX.test(name) && !SERVICE_LINK.test(name))
    .map((name) => ({ name, place: 'the environment' }));
  return [...inFile, ...inReal]
    .filter(({ name }) => !KNOWN.has(name) && !OTHERS.test(name))
    .map(
      ({ name, place }) =>
        `${name} in ${place} is not a setting of Twinkey: did you mean ${closestMatch(name, [...KNOWN])}?`,
    );
}

export function withoutServiceLinks(real: Environment): Environment {
  return Object.fromEntries(Object.entries(real).filter(([name, value]) => !isServiceLink(name, value)));
}
