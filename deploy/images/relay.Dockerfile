# The relay: one program, the libraries it needs, certificates, and no shell.
#
#   make images, or from the root of the checkout:
#   docker build -f deploy/images/relay.Dockerfile --build-arg VERSION="$(cat VERSION)" .

# Any Debian or Ubuntu with librdkafka 2.0 or later.
ARG BASE=debian:trixie-slim

FROM ${BASE} AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        build-essential ca-certificates libinih-dev libjson-c-dev libmicrohttpd-dev libpq-dev \
        librdkafka-dev libxxhash-dev libyaml-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY LICENSE VERSION ./
COPY decoder/*.h decoder/
COPY sql/*.sql sql/
COPY consumer consumer/
COPY deploy/images deploy/images/
ARG VERSION=
RUN deploy/images/version.sh "$VERSION"
RUN export DEB_BUILD_MAINT_OPTIONS=hardening=+all \
    && make -C consumer CFLAGS="$(dpkg-buildflags --get CFLAGS)" \
        CPPFLAGS="$(dpkg-buildflags --get CPPFLAGS)" LDFLAGS="$(dpkg-buildflags --get LDFLAGS)" \
    && strip --strip-debug consumer/pg_outbox \
    && deploy/images/rootfs.sh /image consumer/pg_outbox \
    && install -D -m 644 LICENSE /image/usr/share/doc/pg_outbox/copyright \
    && install -D -m 644 deploy/images/pg_outbox.conf /image/etc/pg_outbox/pg_outbox.conf

FROM scratch
ARG VERSION=
ARG REVISION=
LABEL org.opencontainers.image.title="pg_outbox" \
    org.opencontainers.image.description="Publishes the events of a transactional outbox from PostgreSQL to Kafka" \
    org.opencontainers.image.licenses="PostgreSQL" \
    org.opencontainers.image.vendor="The pg_outbox authors" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image /
# Where OpenSSL looks for authorities: of Kafka, of PostgreSQL with sslrootcert=system.
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
EXPOSE 9464
ENTRYPOINT ["/usr/bin/pg_outbox"]
CMD ["run", "-c", "/etc/pg_outbox/pg_outbox.conf"]
