# A builder, a stage to develop in, and last the image: Python, the locked dependencies and the bot, without a compiler
# or a package cache.
#
# `docker compose up --detach` runs it as it is meant to be run (compose.yaml). By hand:
#
#   docker build -t threadscribe .
#   docker run --detach --restart unless-stopped --stop-timeout 30 --env-file .env \
#       --volume threadscribe:/data --publish 127.0.0.1:8080:8080 \
#       --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges threadscribe

FROM python:3.12.13-slim-bookworm AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
# The base image's pip fills the environment from outside, so that the environment itself has none.
RUN python -m venv --without-pip /opt/threadscribe

# Dependencies first: they change less often than the bot, and this layer is kept until they do.
COPY requirements/build.lock requirements/runtime.lock requirements/
RUN pip install --require-hashes --no-deps --only-binary :all: --requirement requirements/build.lock \
    && pip --python /opt/threadscribe/bin/python install \
        --require-hashes --no-deps --only-binary :all: --requirement requirements/runtime.lock

COPY pyproject.toml README.md LICENSE manifest.yml ./
COPY bot bot
# No isolation: pip would fetch the build backend afresh, without a hash.
RUN pip wheel --no-deps --no-build-isolation --no-index --wheel-dir dist . \
    && pip --python /opt/threadscribe/bin/python install --no-deps --no-index dist/*.whl


# For .devcontainer alone: the same Python with git and make. `docker build .` passes it by.
FROM python:3.12.13-bookworm AS dev
RUN useradd --create-home --shell /bin/bash dev


FROM python:3.12.13-slim-bookworm
# A fixed id, so that a volume's owner stays the same from image to image.
RUN groupadd --gid 10001 threadscribe \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin threadscribe \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=builder /opt/threadscribe /opt/threadscribe

# HOME: Bolt looks for one as it is imported, and a user id that the platform chose has none.
# PYTHONSAFEPATH: nothing is imported from the working directory.
# PYTHONDONTWRITEBYTECODE: the root filesystem may be read-only; pip compiled everything already.
ENV PATH=/opt/threadscribe/bin:$PATH \
    HOME=/nonexistent \
    PYTHONSAFEPATH=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=8080 \
    DATA_DIR=/data

WORKDIR /opt/threadscribe
USER 10001:10001
VOLUME /data
EXPOSE 8080

# Without the proxies of the environment: one of them would be asked for this machine's own address.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open(f'http://127.0.0.1:{os.environ[\"HTTP_PORT\"]}/healthz', timeout=4)"]

ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
