# The steward for those who run the cluster with Compose alone; docs/docker.md tells what it does and what it cannot.
#
#   docker build -t vedette-steward:local .
#   docker compose --profile steward up -d

FROM node:20-bookworm-slim AS build
WORKDIR /vedette
COPY package.json package-lock.json ./
RUN npm ci --include=dev --no-audit --no-fund
COPY . .
RUN node scripts/build.mjs --force

FROM node:20-bookworm-slim
COPY --from=build /vedette/package.json /vedette/package.json
COPY --from=build /vedette/dist /vedette/dist
COPY --from=build /vedette/assets /vedette/assets
RUN mkdir /cluster /state && chown node:node /state
USER node
WORKDIR /cluster
VOLUME /state
ENTRYPOINT ["node", "--max-old-space-size=48", "--max-semi-space-size=1", "/vedette/dist/steward.js", "--watch-only"]
