FROM python:3.11-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/loccit && /opt/loccit/bin/pip install --no-cache-dir --constraint constraints.txt ".[postgres]"

FROM python:3.11-slim
ENV PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1 PATH=/opt/loccit/bin:$PATH
RUN useradd --system --create-home --uid 10001 loccit && mkdir -p /guides /var/lib/loccit \
    && chown loccit /var/lib/loccit
COPY --from=build /opt/loccit /opt/loccit
USER loccit
WORKDIR /guides
ENTRYPOINT ["loccit"]
CMD ["schedule"]
