# Both apps and the command-line program in one image. The command decides what runs (`run identity-provider`, `migrate` …).
#
# The base image is pinned by version. To pin its content too, use the digest that the registry shows:
#   docker buildx imagetools inspect node:22.23.3-bookworm-slim
ARG NODE_IMAGE=node:22.23.3-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
ENV NPM_CONFIG_UPDATE_NOTIFIER=false
COPY package.json package-lock.json .npmrc ./
COPY libs/verify/package.json libs/verify/
# No install script is needed: bcrypt contains its binaries, and Postgres runs elsewhere.
RUN npm ci --ignore-scripts

FROM packages AS build
COPY . .
RUN npm run build

FROM packages AS production
RUN npm prune --omit=dev --omit=optional --ignore-scripts \
 # A link to the workspace: dist contains its code.
 && rm -r node_modules/@twinkey

FROM ${NODE_IMAGE}
ENV NODE_ENV=production \
    HOST=0.0.0.0
WORKDIR /app
# The user `node` can read everything, and write only to the folder for development keys.
RUN install --directory --owner=node --group=node --mode=0700 .twinkey \
 && ln --symbolic /app/bin/twinkey.cjs /usr/local/bin/twinkey
COPY package.json ./
COPY bin ./bin
COPY --from=production /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 8001 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "bin/healthcheck.mjs"]
ENTRYPOINT ["twinkey"]
CMD ["run"]
