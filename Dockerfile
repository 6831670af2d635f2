# Mayfly in a container: it runs on the engine that it drives, with that engine's socket mounted and the host's network
# (previews are reached at their containers' addresses). compose/compose.yaml starts it; docs/install.md explains.
#
# Smaller: --build-arg NODE_IMAGE=node:24-slim. A registry or proxy of your own: --secret id=npmrc,src=$HOME/.npmrc
ARG NODE_IMAGE=node:24

FROM ${NODE_IMAGE} AS packages
WORKDIR /opt/mayfly
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --omit=dev --omit=optional --ignore-scripts

FROM ${NODE_IMAGE}
# Full Node images bring git along; the others get it, with the certificates it needs.
RUN command -v git >/dev/null \
  || { apt-get update && apt-get install -y --no-install-recommends git ca-certificates && rm -rf /var/lib/apt/lists/*; }
WORKDIR /opt/mayfly
COPY --from=packages /opt/mayfly/node_modules node_modules
COPY package.json ./
COPY templates templates
COPY src src
RUN ln -s /opt/mayfly/src/main.ts /usr/local/bin/mayfly && install -d -o node -g node -m 0700 /var/lib/mayfly

# Not root. The socket's group is given when it is started: group_add, or --group-add.
USER node
# The default state folder (./state) lies in the volume as well.
WORKDIR /var/lib/mayfly
VOLUME /var/lib/mayfly
ENV NODE_ENV=production
# Where another port is listened on, MAYFLY_SERVER says so to this check and to `mayfly` commands in the container.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch((process.env.MAYFLY_SERVER ?? 'http://127.0.0.1:8080') + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["mayfly"]
CMD ["serve"]
