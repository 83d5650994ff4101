# An image of PostgreSQL, with decoder and extension installed.  For versions before
# 18, which cannot have them mounted, and wherever one image is simpler.
#
#   make images, or from the root of the checkout:
#   docker build -f deploy/images/postgres.Dockerfile --build-arg VERSION="$(cat VERSION)" .

# One made of Debian's packages or those of apt.postgresql.org: the official image, or
# ghcr.io/cloudnative-pg/postgresql.  PG_MAJOR is its version; the official image knows
# it, and its word counts.
ARG BASE=postgres:17-trixie

FROM ${BASE} AS build
ARG PG_MAJOR=17
# Of this stage alone, which installs packages.
# hadolint ignore=DL3002
USER 0
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        gcc libc6-dev make "postgresql-server-dev-${PG_MAJOR}" \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY LICENSE VERSION ./
COPY decoder decoder/
COPY sql sql/
COPY deploy/images deploy/images/
ARG VERSION=
RUN deploy/images/version.sh "$VERSION" \
    && deploy/images/extension.sh /installed "$PG_MAJOR" \
    && install -D -m 644 LICENSE /installed/usr/share/doc/pg_outbox/copyright

# User, entry point and the rest stay as they are in the base.
FROM ${BASE}
ARG VERSION=
ARG REVISION=
LABEL org.opencontainers.image.title="PostgreSQL with pg_outbox" \
    org.opencontainers.image.description="PostgreSQL with the decoder plugin and the extension of pg_outbox" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
COPY --from=build /installed /
