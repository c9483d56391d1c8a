import { Counter } from 'prom-client';

export const provisionedProfiles = new Counter({
  name: 'twinkey_provisioned_profiles_total',
  help: "Profiles made at a person's first call or look-up, by issuer.",
  labelNames: ['issuer'] as const,
});
