/** The one Keycloak that Twinkey is developed and tested with. */
export const KEYCLOAK_VERSION = '26.7.4';

/** What Maven knows the distribution by; Maven's own settings say from where it comes. */
export const KEYCLOAK_ARTIFACT = `org.keycloak:keycloak-quarkus-dist:${KEYCLOAK_VERSION}:tar.gz`;

/** SHA-256 of that archive: what was downloaded is what was tested, whoever delivered it. */
export const KEYCLOAK_SHA256 = '04823c336b797a7e18889a44262a7a64e6bf624cbbcc518c85e2622176ff2eee';

/** The same release as an image, for machines without Java. */
export const KEYCLOAK_IMAGE = `keycloak/keycloak:${KEYCLOAK_VERSION}`;

/** Keycloak 26 runs on this Java or a newer one. */
export const OLDEST_JAVA = 17;
