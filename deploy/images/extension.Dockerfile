# Decoder and extension for CloudNativePG, which mounts this image into the pods of
# PostgreSQL 18 and later: /lib and /share, and nothing that runs.
#
#   make images, or from the root of the checkout:
#   docker build -f deploy/images/extension.Dockerfile --build-arg VERSION="$(cat VERSION)" .

# The operator's image that it will be mounted into: the same release of Debian.
ARG BASE=ghcr.io/cloudnative-pg/postgresql:18-minimal-trixie

FROM ${BASE} AS build
ARG PG_MAJOR=18
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
    && deploy/images/extension.sh /installed "$PG_MAJOR"
RUN mkdir -p /image/lib /image/share \
    && mv "/installed/usr/lib/postgresql/$PG_MAJOR/lib/pg_outbox.so" /image/lib \
    && mv "/installed/usr/share/postgresql/$PG_MAJOR/extension" /image/share \
    && install -D -m 644 LICENSE /image/licenses/pg_outbox/LICENSE

FROM scratch
ARG PG_MAJOR=18
ARG VERSION=
ARG REVISION=
LABEL org.opencontainers.image.title="pg_outbox for PostgreSQL ${PG_MAJOR}" \
    org.opencontainers.image.description="Decoder plugin and extension of pg_outbox, to be mounted into PostgreSQL ${PG_MAJOR}" \
    org.opencontainers.image.licenses="PostgreSQL" \
    org.opencontainers.image.vendor="The pg_outbox authors" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image /
USER 65532:65532
