# docker build -t chakra-for-slack . && docker run --env-file .env -v chakra:/data chakra-for-slack
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app

# The dependencies first: their layer is rebuilt only when the lock changes.
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock

COPY pyproject.toml README.md LICENSE manifest.yml ./
COPY bot ./bot
COPY commands ./commands
RUN pip install --no-deps --no-build-isolation .

RUN useradd --system chakra && mkdir /data && chown chakra /data
USER chakra
VOLUME /data

# Inside a container the server must accept connections from outside of it.
ENV HOST=0.0.0.0 PORT=3000 LOG_FORMAT=json DATABASE_URL=sqlite:////data/chakra-bot.db
EXPOSE 3000
HEALTHCHECK --start-period=10s \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz')"]
CMD ["chakra-bot", "serve"]
