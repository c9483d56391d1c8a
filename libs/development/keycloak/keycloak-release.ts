/** The Keycloak version that Twinkey is developed and tested with. */
export const KEYCLOAK_VERSION = '26.7.4';

/** The Maven coordinates of the distribution; Maven's own settings define the repository. */
export const KEYCLOAK_ARTIFACT = `org.keycloak:keycloak-quarkus-dist:${KEYCLOAK_VERSION}:tar.gz`;

/** SHA-256 of that archive: the downloaded archive must be the tested one, from any repository. */
export const KEYCLOAK_SHA256 = '04823c336b797a7e18889a44262a7a64e6bf624cbbcc518c85e2622176ff2eee';

/** The same release as an image, for machines without Java. */
export const KEYCLOAK_IMAGE = `keycloak/keycloak:${KEYCLOAK_VERSION}`;

/** The oldest Java version that Keycloak 26 supports. */
export const OLDEST_JAVA = 17;
