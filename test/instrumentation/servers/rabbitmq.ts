// RabbitMQ, for amqplib, with an Erlang port mapper of its own, which would otherwise stay behind as a daemon.
import { join } from "node:path"
import { findServer, freePort, type Server, serverDirectory, startServer } from "./start-server.ts"

// The one on the PATH insists on root or the user rabbitmq.
const rabbitmq = findServer("rabbitmq-server", "/usr/lib/rabbitmq/bin/rabbitmq-server")

export const hasRabbitmq = rabbitmq !== undefined

export async function startRabbitmq(): Promise<Server> {
  const directory = serverDirectory("rabbitmq")
  const mapperDirectory = serverDirectory("epmd")
  const [port, distributionPort, mapperPort] = [await freePort(), await freePort(), await freePort()]
  const mapper = await startServer("epmd", ["-port", `${mapperPort}`, "-address", "127.0.0.1"], {
    port: mapperPort,
    directory: mapperDirectory,
  })
  const server = await startServer(rabbitmq!, [], {
    port,
    directory,
    env: {
      ERL_EPMD_PORT: `${mapperPort}`,
      RABBITMQ_NODENAME: `clickstack-${port}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
      RABBITMQ_NODE_PORT: `${port}`,
      RABBITMQ_DIST_PORT: `${distributionPort}`,
      RABBITMQ_MNESIA_BASE: join(directory, "mnesia"),
      RABBITMQ_LOG_BASE: join(directory, "log"),
      RABBITMQ_CONF_ENV_FILE: join(directory, "no-file"),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, "no-plugins"),
      RABBITMQ_FEATURE_FLAGS_FILE: join(directory, "feature-flags"),
      RABBITMQ_PID_FILE: join(directory, "pid"),
    },
  })
  return {
    url: `amqp://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      await server.close()
      await mapper.close()
    },
  }
}
