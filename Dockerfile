# syntax=docker/dockerfile:1
# Build:  docker build -t macp .
# Run:    docker run --rm -p 25294:25294 -e MACP_TOKEN="$(openssl rand -hex 32)" -v "$PWD:/workspace" macp
# Beyond loopback the gateway wants a token: without MACP_TOKEN (or MACP_ACCESS_TOKENS_FILE) it refuses to start.

FROM debian:12 AS build
WORKDIR /src
COPY tools/setup tools/setup
RUN tools/setup
COPY . .
RUN cmake --preset release -DMACP_TESTS=OFF -DMACP_BENCH=OFF -DCMAKE_CXX_COMPILER_LAUNCHER= \
    && cmake --build build/release --target macp \
    && install -D --strip build/release/bin/macp /out/macp

FROM debian:12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates libfmt9 libprometheus-cpp-core1.0 libsimdjson14 libspdlog1.10 libsqlite3-0 libssl3 liburing2 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --home-dir /workspace --shell /usr/sbin/nologin macp \
    && install -d -o macp -g macp /workspace
COPY --from=build /out/macp /usr/local/bin/macp
USER macp
WORKDIR /workspace
VOLUME /workspace
ENV MACP_LISTEN=0.0.0.0:25294 MACP_ROOT=/workspace
EXPOSE 25294
# The gateway drains for up to 10 s (drain_seconds); give `docker stop` more than that.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["macp", "status", "--ready"]
ENTRYPOINT ["macp"]
CMD ["serve"]
