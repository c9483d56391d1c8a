/**
 * A file of a documentation page: text, or a file of an installed package. The build copies the files of development
 * dependencies (`scripts/support/build.mjs`).
 */
export type Asset = { type: string } & ({ text: string } | { module: string; copy?: string });

export interface Viewer {
  /** The path of the page. Its assets are below this path. */
  path: string;
  page: (title: string) => string;
  policy: string;
  assets: Readonly<Record<string, Asset>>;
}

const SCRIPT = 'text/javascript; charset=utf-8';

/** Only this origin is allowed, so that nothing that an administrator sees or types is sent elsewhere. */
const policyOf = (extra: Record<string, string>) =>
  Object.entries({
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    'img-src': "'self' data:",
    'connect-src': "'self'",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    ...extra,
  })
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');

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

const SWAGGER_START = `SwaggerUIBundle({
  url: new URL('openapi.json', location.href).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: true,
  validatorUrl: null,
});
`;

// Scalar does not resolve the relative server of the document, so it gets an absolute URL.
const SCALAR_START = `Scalar.createApiReference('#scalar', {
  url: new URL('openapi.json', location.href).href,
  servers: [{ url: new URL('.', location.href).href }],
  persistAuth: true,
  authentication: { preferredSecurityScheme: 'bearer' },
  agent: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  telemetry: false,
  withDefaultFonts: false,
});
`;

export const SWAGGER_UI: Viewer = {
  path: '/docs',
  page: (title) =>
    pageOf(
      title,
      '<link rel="icon" href="docs/favicon-32x32.png">\n<link rel="stylesheet" href="docs/swagger-ui.css">',
      '<div id="swagger-ui"></div>\n<script src="docs/swagger-ui-bundle.js"></script>\n<script src="docs/start.js"></script>',
    ),
  policy: policyOf({}),
  assets: {
    'favicon-32x32.png': { type: 'image/png', module: 'swagger-ui-dist/favicon-32x32.png' },
    'start.js': { type: SCRIPT, text: SWAGGER_START },
    'swagger-ui.css': {
      type: 'text/css; charset=utf-8',
      module: 'swagger-ui-dist/swagger-ui.css',
    },
    'swagger-ui-bundle.js': { type: SCRIPT, module: 'swagger-ui-dist/swagger-ui-bundle.js' },
  },
};

export const SCALAR: Viewer = {
  path: '/scalar',
  page: (title) =>
    pageOf(
      title,
      '<link rel="icon" href="docs/favicon-32x32.png">',
      '<div id="scalar"></div>\n<script src="scalar/standalone.js"></script>\n<script src="scalar/start.js"></script>',
    ),
  // Scalar's script adds its styles to the page.
  policy: policyOf({ 'style-src': "'self' 'unsafe-inline'" }),
  assets: {
    'start.js': { type: SCRIPT, text: SCALAR_START },
    'standalone.js': {
      type: SCRIPT,
      module: '@scalar/api-reference/browser/standalone.js',
      copy: '#assets/scalar.js',
    },
  },
};
