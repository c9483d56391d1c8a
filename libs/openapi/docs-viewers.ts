import { type DocsSignIn, SIGN_IN, SIGN_IN_SCOPES } from './docs-sign-in.js';

/** A file of a documentation page: text, or a file of a development dependency (`ASSETS` in `scripts/support/build.mjs`). */
export type Asset = { type: string; policy?: string } & ({ text: string } | { module: string });

export interface Viewer {
  /** The path of the page. Its assets are below this path. */
  path: string;
  page: (title: string) => Asset;
  assets: Readonly<Record<string, Asset>>;
}

const SCRIPT = 'text/javascript; charset=utf-8';

/**
 * Only this origin is allowed, and the issuer's for a sign-in, so that nothing that an administrator sees or types is sent
 * elsewhere.
 */
const policyOf = (signIn: DocsSignIn | null, extra: Record<string, string> = {}) =>
  Object.entries({
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    'img-src': "'self' data:",
    'connect-src': signIn ? `'self' ${new URL(signIn.issuer).origin}` : "'self'",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    ...extra,
  })
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');

const HTML = 'text/html; charset=utf-8';

/** Links are relative, so that the pages also work behind a proxy that adds a path prefix. */
const pageOf = (title: string, head: string, body: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
${head}
</head>
<body>
${body}
</body>
</html>
`;

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Where the issuer sends the window of a sign-in back to: its opener reads the code from its address. */
const redirectPage = (script: string): Asset => ({
  type: HTML,
  text: pageOf('Signed in', '', script),
  policy: policyOf(null),
});

const scopes = JSON.stringify(Object.keys(SIGN_IN_SCOPES));

const swaggerStart = (signIn: DocsSignIn | null) => `const ui = SwaggerUIBundle({
  url: new URL('openapi.json', location.href).href,
  oauth2RedirectUrl: new URL('docs/oauth2-redirect.html', location.href).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: true,
  validatorUrl: null,
  // identity-provider's CORS does not allow this header, which Swagger UI adds to the token request.
  requestInterceptor: (request) => {
    delete request.headers['X-Requested-With'];
    return request;
  },
});
${
  signIn === null
    ? ''
    : `ui.initOAuth({
  clientId: ${JSON.stringify(signIn.clientId)},
  scopes: ${scopes},
  usePkceWithAuthorizationCodeGrant: true,
});
`
}`;

/** A public client has no secret: its id is in the body. */
const scalarFlow = ({ clientId }: DocsSignIn) => `{
      'x-scalar-client-id': ${JSON.stringify(clientId)},
      'x-scalar-redirect-uri': new URL('scalar/oauth2-redirect.html', location.href).href,
      'x-usePkce': 'SHA-256',
      'x-scalar-credentials-location': 'body',
      selectedScopes: ${scopes},
    }`;

// Scalar does not resolve the relative server of the document, so it gets an absolute URL.
const scalarStart = (signIn: DocsSignIn | null) => `Scalar.createApiReference('#scalar', {
  url: new URL('openapi.json', location.href).href,
  servers: [{ url: new URL('.', location.href).href }],
  persistAuth: true,
  authentication: {
    preferredSecurityScheme: '${signIn ? SIGN_IN : 'bearer'}',
    securitySchemes: ${signIn ? `{ ${SIGN_IN}: { flows: { authorizationCode: ${scalarFlow(signIn)} } } }` : '{}'},
  },
  agent: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  telemetry: false,
  withDefaultFonts: false,
});
`;

const swaggerUi = (signIn: DocsSignIn | null): Viewer => ({
  path: '/docs',
  page: (title) => ({
    type: HTML,
    policy: policyOf(signIn),
    text: pageOf(
      title,
      '<link rel="icon" href="docs/favicon-32x32.png">\n<link rel="stylesheet" href="docs/swagger-ui.css">',
      '<div id="swagger-ui"></div>\n<script src="docs/swagger-ui-bundle.js"></script>\n<script src="docs/start.js"></script>',
    ),
  }),
  assets: {
    'favicon-32x32.png': { type: 'image/png', module: 'swagger-ui-dist/favicon-32x32.png' },
    'start.js': { type: SCRIPT, text: swaggerStart(signIn) },
    'swagger-ui.css': { type: 'text/css; charset=utf-8', module: 'swagger-ui-dist/swagger-ui.css' },
    'swagger-ui-bundle.js': { type: SCRIPT, module: 'swagger-ui-dist/swagger-ui-bundle.js' },
    ...(signIn && {
      'oauth2-redirect.html': redirectPage('<script src="oauth2-redirect.js"></script>'),
      'oauth2-redirect.js': { type: SCRIPT, module: 'swagger-ui-dist/oauth2-redirect.js' },
    }),
  },
});

const scalar = (signIn: DocsSignIn | null): Viewer => ({
  path: '/scalar',
  page: (title) => ({
    type: HTML,
    // Scalar's script adds its styles to the page.
    policy: policyOf(signIn, { 'style-src': "'self' 'unsafe-inline'" }),
    text: pageOf(
      title,
      '<link rel="icon" href="docs/favicon-32x32.png">',
      '<div id="scalar"></div>\n<script src="scalar/standalone.js"></script>\n<script src="scalar/start.js"></script>',
    ),
  }),
  assets: {
    'start.js': { type: SCRIPT, text: scalarStart(signIn) },
    'standalone.js': { type: SCRIPT, module: '@scalar/api-reference/browser/standalone.js' },
    ...(signIn && { 'oauth2-redirect.html': redirectPage('<p>You can close this window.</p>') }),
  },
});

/** @param signIn null: the pages only accept a token */
export const viewers = (signIn: DocsSignIn | null): Viewer[] => [swaggerUi(signIn), scalar(signIn)];
