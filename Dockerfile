# One image with both programs, run by `make image` (cmake/image.sh). Nothing but the programs, their libraries and CA
# certificates is added to the base, which has to be Debian 12.
#
#   FILES=from-source   compiles in a container (default)
#   FILES=from-build    takes what cmake/image_root.sh made in build/image of this machine's own Debian 12 build
ARG BASE_IMAGE=debian:12-slim
ARG FILES=from-source

FROM ${BASE_IMAGE} AS from-source
ARG REVISION=unknown
ARG SOURCE_DATE_EPOCH=0
WORKDIR /src
COPY . .
RUN cmake/deps.sh build \
 && cmake --preset release -DSTEVEDORE_TESTS=OFF -DSTEVEDORE_REVISION=${REVISION} \
 && cmake --build --preset release \
 && cmake/image_root.sh build/release /image

FROM scratch AS from-build
COPY build/image/ /image/

FROM ${FILES} AS files

FROM ${BASE_IMAGE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Stevedore" \
      org.opencontainers.image.description="Kubernetes ingress for UDP: routes each datagram by the bytes of its payload" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=files /image/ /
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
CMD ["/usr/bin/stevedore-proxy", "--help"]
