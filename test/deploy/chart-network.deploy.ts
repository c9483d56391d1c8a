import { beforeAll, describe, expect, it } from 'vitest';
import { FETCH_TIMEOUT } from './cached-program.js';
import { type KubernetesObject, ofKind, render } from './chart.js';
import { resolveService } from './container.js';
import { helm } from './programs.js';

const VALUES = {
  settings: { JWT_ISSUER: 'https://id.example.com', JWT_AUDIENCE: 'example' },
  existingSecret: 'twinkey',
  public: { identityProvider: { host: 'id.example.com' }, userService: { host: 'users.example.com' } },
  ingress: { enabled: true },
  httpRoute: { enabled: true, parentRefs: [{ name: 'gateway' }] },
};
const CALLERS = [{ podSelector: { matchLabels: { calls: 'users' } } }];
const PROMETHEUS = [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }];

/** The rules of all policies, by port. */
function peersByPort(objects: KubernetesObject[]): Record<string, object[] | undefined> {
  const rules = ofKind(objects, 'NetworkPolicy').flatMap(({ spec }) => spec.ingress);
  return Object.fromEntries(rules.map(({ ports: [{ port }], from }) => [port, from]));
}

/** The ports of the pods that these Services reach. */
function containerPorts(objects: KubernetesObject[], services: string[]): number[] {
  return services.map((name) =>
    Number(new URL(resolveService(`http://${name}:${portOf(objects, name)}`, objects)).port),
  );
}

const portOf = (objects: KubernetesObject[], name: string): number | undefined =>
  ofKind(objects, 'Service').find(({ metadata }) => metadata.name === name)?.spec.ports[0].port;

describe.skipIf(!helm.isAvailable)('the network of the Helm chart', { timeout: 60_000 }, () => {
  beforeAll(() => helm.get(), FETCH_TIMEOUT);

  it.each(['separate', 'combined'])(
    'in mode %s publishes the two public ports and no other',
    async (mode) => {
      const objects = await render({ ...VALUES, mode });
      const [ingress] = ofKind(objects, 'Ingress');
      const backends = ingress?.spec.rules.map(
        (rule: { http: { paths: { backend: { service: { name: string } } }[] } }) =>
          rule.http.paths[0]?.backend.service.name,
      );
      const routed = ofKind(objects, 'HTTPRoute').map(({ spec }) => spec.rules[0].backendRefs[0].name);
      expect(containerPorts(objects, backends)).toEqual([8001, 3000]);
      expect(containerPorts(objects, routed)).toEqual([8001, 3000]);
      for (const { spec } of ofKind(objects, 'Service')) expect(spec).not.toHaveProperty('type');
    },
  );

  it.each(['separate', 'combined'])(
    'in mode %s closes the internal port and the metrics to everybody',
    async (mode) => {
      const objects = await render({ ...VALUES, mode });
      expect(peersByPort(objects)).toEqual({ identity: undefined, users: undefined });
      const selected = ofKind(objects, 'NetworkPolicy').map(({ spec }) => spec.podSelector.matchLabels);
      expect(selected).toEqual(ofKind(objects, 'Deployment').map(({ spec }) => spec.selector.matchLabels));
    },
  );

  it('opens the internal port to the callers that the values name, and the metrics to Prometheus', async () => {
    const networkPolicy = { internalFrom: CALLERS, metricsFrom: PROMETHEUS };
    expect(peersByPort(await render({ ...VALUES, networkPolicy }))).toEqual({
      identity: undefined,
      users: undefined,
      internal: [...CALLERS, ...PROMETHEUS],
      metrics: PROMETHEUS,
    });
  });

  it('admits user-service to identity-provider where the public ports have named callers', async () => {
    const objects = await render({ ...VALUES, networkPolicy: { publicFrom: PROMETHEUS } });
    const userService = ofKind(objects, 'Deployment').find(({ metadata }) =>
      metadata.name.endsWith('user-service'),
    );
    expect(peersByPort(objects)).toEqual({
      identity: [...PROMETHEUS, { podSelector: { matchLabels: userService?.spec.selector.matchLabels } }],
      users: PROMETHEUS,
    });
  });

  it.each([
    ['separate', [9464, 3001]],
    ['combined', [3001]],
  ])(
    'in mode %s each ServiceMonitor selects one Service, with the metrics of all apps',
    async (mode, expected) => {
      const objects = await render({ ...VALUES, mode, serviceMonitor: { enabled: true } });
      const scraped = ofKind(objects, 'ServiceMonitor').map(({ spec }) => {
        const services = ofKind(objects, 'Service').filter(({ metadata }) =>
          Object.entries(spec.selector.matchLabels).every(
            ([label, value]) => metadata.labels[label] === value,
          ),
        );
        expect(services).toHaveLength(1);
        expect(services[0]?.spec.ports[0].name).toBe(spec.endpoints[0].port);
        return services[0]?.metadata.name as string;
      });
      expect(containerPorts(objects, scraped)).toEqual(expected);
    },
  );

  it('gives Prometheus the token of the internal port', async () => {
    const objects = await render({ ...VALUES, serviceMonitor: { enabled: true } });
    const monitor = ofKind(objects, 'ServiceMonitor').find(({ metadata }) =>
      metadata.name.endsWith('internal'),
    );
    expect(monitor?.spec.endpoints[0].authorization.credentials).toEqual({
      name: 'twinkey',
      key: 'INTERNAL_API_TOKEN',
    });
  });
});
