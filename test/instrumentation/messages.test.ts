// Messages and cloud services: RabbitMQ is real where Debian's package is installed, the others are stand-ins.
import { afterAll, beforeAll, describe } from "vitest"
import { startHttpJson } from "./servers/http-json.ts"
import { startKafka } from "./servers/kafka.ts"
import { hasRabbitmq, startRabbitmq } from "./servers/rabbitmq.ts"
import { expectTraces } from "./traced-app.ts"

describe.skipIf(!hasRabbitmq)("with RabbitMQ", () => {
  let server: Awaited<ReturnType<typeof startRabbitmq>>
  beforeAll(async () => {
    server = await startRabbitmq()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  for (const versions of ["newest", "previous"] as const) {
    const older = versions === "previous" ? " of the previous version" : ""
    expectTraces(
      "amqplib",
      `
      job
        publish <default>  producer
          orders process  consumer
            handle
      `,
      { name: `amqplib${older}`, versions, env: () => ({ AMQP_URL: server.url }) },
    )
  }
})

describe("up to the socket", () => {
  let kafka: Awaited<ReturnType<typeof startKafka>>
  let aws: Awaited<ReturnType<typeof startHttpJson>>
  let openai: Awaited<ReturnType<typeof startHttpJson>>
  beforeAll(async () => {
    kafka = await startKafka()
    aws = await startHttpJson({ MessageId: "1", MD5OfMessageBody: "5ebe2294ecd0e0f08eab7690d2a6ee69" })
    openai = await startHttpJson({
      id: "1",
      object: "chat.completion",
      created: 0,
      model: "gpt-4o-mini",
      choices: [{ index: 0, message: { role: "assistant", content: "yes" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
    })
  })
  afterAll(async () => {
    for (const server of [kafka, aws, openai]) await server[Symbol.asyncDispose]()
  })

  expectTraces(
    "kafkajs",
    `
    job
      send orders  producer  messaging.system=kafka
    `,
    { env: () => ({ KAFKA_ADDRESS: `127.0.0.1:${kafka.port}` }) },
  )

  expectTraces(
    "aws-sdk",
    `
    job
      orders send  producer  200  messaging.system=aws_sqs
        POST  client  200
    `,
    // On Node 20 it warns that its releases of 2027 need a later one.
    { env: () => ({ AWS_URL: aws.url, NODE_NO_WARNINGS: "1" }) },
  )

  expectTraces(
    "openai",
    `
    job
      chat gpt-4o-mini  client  gen_ai.request.model=gpt-4o-mini  gen_ai.usage.output_tokens=1
        POST  client  200
    `,
    { env: () => ({ OPENAI_URL: openai.url }) },
  )
})
