# Caddy with one DNS provider's module (https://github.com/caddy-dns): the official image has none.
FROM caddy:2-builder AS build
ARG DNS_PROVIDER
RUN xcaddy build --with github.com/caddy-dns/${DNS_PROVIDER}

FROM caddy:2
COPY --from=build /usr/bin/caddy /usr/bin/caddy
