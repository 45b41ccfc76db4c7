// Messages and cloud services: RabbitMQ is real where Debian's package is installed, the others are stand-ins.
import { afterAll, beforeAll, describe, expect, test } from "vitest"
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

/** What SQS is sent, as far as it is looked at. */
interface Sent {
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue?: string }>>
}

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

  test("each message that was sent carries a traceparent of its own", () => {
    const traceparent = /00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]/g
    const inKafka = kafka.received().toString("latin1").match(traceparent) ?? []
    const inSqs = aws.requests.flatMap(({ body }) => {
      const { MessageAttributes } = JSON.parse(body) as Sent
      return MessageAttributes?.["traceparent"]?.StringValue?.match(traceparent) ?? []
    })
    // As an ES module and as CommonJS.
    expect([new Set(inKafka).size, new Set(inSqs).size]).toEqual([2, 2])
  })

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
